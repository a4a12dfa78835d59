// Recording, planning and running a Program.
#include "ops/program.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/counter_rng.h"
#include "cpu_ref/reference_backend.h"
#include "ops/ops.h"

namespace tritium {
namespace {

Tensor floats(Backend& backend, const std::vector<float>& values) {
  const Tensor tensor = *backend.allocate({static_cast<int64_t>(values.size())}, DType::f32, "floats");
  EXPECT_TRUE(backend.upload(tensor, std::as_bytes(std::span(values))).ok());
  return tensor;
}

std::vector<float> values_of(Backend& backend, const Tensor& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.elements()));
  EXPECT_TRUE(backend.download(tensor, std::as_writable_bytes(std::span(values))).ok());
  return values;
}

std::vector<Tensor> slots_of(Backend& backend, const MemoryPlan& plan) {
  std::vector<Tensor> slots;
  for (int64_t bytes : plan.slots) slots.push_back(*backend.allocate({bytes / 4}, DType::f32, "slot"));
  return slots;
}

// y = 8 x, by way of two temporaries of which one is dead when the next is made.
Program eight_times(const Tensor& x, const Tensor& y) {
  Program program;
  Ops ops(program);
  const Tensor two = ops.temporary(x.shape), four = ops.temporary(x.shape);
  ops(Add{.a = x, .b = x, .y = two});
  ops(Add{.a = two, .b = two, .y = four});
  ops(Add{.a = four, .b = four, .y = y});
  EXPECT_TRUE(ops.finish().ok());
  return program;
}

TEST(Program, RunsAgainOnNewValuesOfItsInputs) {
  const auto backend = make_reference_backend();
  const Tensor x = floats(*backend, {1, 2, 3}), y = floats(*backend, {0, 0, 0});
  Program program = eight_times(x, y);
  const MemoryPlan plan = plan_memory(program);
  place_temporaries(program, plan, slots_of(*backend, plan));
  const auto replay = *backend->prepare(program);
  for (float first : {1.0f, -5.0f}) {
    const std::vector<float> values = {first, 2, 3};
    ASSERT_TRUE(backend->upload(x, std::as_bytes(std::span(values))).ok());
    ASSERT_TRUE(replay->run().ok());
    EXPECT_EQ(values_of(*backend, y), (std::vector<float>{8 * first, 16, 24}));
  }
}

TEST(Program, RecordingRunsNothing) {
  const auto backend = make_reference_backend();
  const Tensor x = floats(*backend, {1, 2, 3}), y = floats(*backend, {7, 7, 7});
  eight_times(x, y);
  EXPECT_EQ(values_of(*backend, y), (std::vector<float>{7, 7, 7}));
}

TEST(Program, AWrongOperationIsRefusedWhenItIsRecorded) {
  Program program;
  Ops ops(program);
  ops(Add{.a = ops.temporary({2}), .b = ops.temporary({3}), .y = ops.temporary({2})});
  EXPECT_EQ(ops.finish().message(), "add: b is [3], must be [2]");
  EXPECT_TRUE(program.steps().empty());
}

// Whatever is recorded: no two temporaries that are alive together share a slot, no slot is smaller than what is in it,
// and none could be left out.
TEST(MemoryPlan, GivesMemoryToOneTemporaryAtATime) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Program program;
    Ops ops(program);
    std::vector<Tensor> made = {ops.temporary({8})};
    for (uint64_t i = 0; i < 40; ++i) {
      const Tensor from = made[random_bits(seed, 2 * i) % made.size()];
      const Tensor y = ops.temporary({8 * static_cast<int64_t>(1 + random_bits(seed, 2 * i + 1) % 60)});
      // Of the first 8 values alone, so that sizes differ.
      ops(Add{.a = from.view({8}), .b = from.view({8}), .y = y.view({8})});
      made.push_back(y);
    }
    ASSERT_TRUE(ops.finish().ok());
    const MemoryPlan plan = plan_memory(program);
    EXPECT_TRUE(plan_holds(plan, program)) << "seed " << seed;
    int64_t alive_at_most = 0;
    const auto& lives = program.lifetimes();
    for (size_t step = 0; step < program.steps().size(); ++step) {
      int64_t alive = 0;
      for (const auto& life : lives)
        if (life.used && life.first <= step && step <= life.last) alive += life.bytes;
      alive_at_most = std::max(alive_at_most, alive);
    }
    EXPECT_GE(plan.bytes(), alive_at_most) << "seed " << seed;
    EXPECT_LE(plan.bytes(), 2 * alive_at_most) << "seed " << seed;
  }
}

TEST(MemoryPlan, OfALargerProgramHoldsForASmallerOneOfTheSameShape) {
  const auto backend = make_reference_backend();
  const auto record = [&](int64_t n) {
    const Tensor x = floats(*backend, std::vector<float>(static_cast<size_t>(n)));
    return eight_times(x, floats(*backend, std::vector<float>(static_cast<size_t>(n))));
  };
  const Program large = record(1000), small = record(3);
  EXPECT_TRUE(plan_holds(plan_memory(large), small));
  EXPECT_FALSE(plan_holds(plan_memory(small), large));
}

TEST(MemoryPlan, WhatIsKeptIsNotWrittenOver) {
  Program program;
  Ops ops(program);
  const Tensor first = ops.temporary({64}), second = ops.temporary({64}), third = ops.temporary({64});
  ops(Add{.a = first, .b = first, .y = first});
  ops(Add{.a = second, .b = second, .y = second});
  ops(Add{.a = third, .b = third, .y = third});
  program.keep(first);
  EXPECT_EQ(plan_memory(program).slots.size(), 2u);
}

// The reference, with additions that fail.
class NoAdditions final : public ReferenceBackend {
 public:
  using ReferenceBackend::run;
  Status run(const Add&) override { return Status(StatusCode::device_error, "no additions today"); }
};

TEST(Program, EndsWithTheErrorOfTheOperationThatFails) {
  NoAdditions backend;
  const Tensor x = floats(backend, {1}), y = floats(backend, {7});
  Program program = eight_times(x, y);
  const MemoryPlan plan = plan_memory(program);
  place_temporaries(program, plan, slots_of(backend, plan));
  const Status status = (*backend.prepare(program))->run();
  EXPECT_EQ(status.message(), "no additions today");
  EXPECT_EQ(values_of(backend, y), (std::vector<float>{7}));
}

}  // namespace
}  // namespace tritium
