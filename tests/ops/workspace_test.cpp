// Programs that share memory, and what of it was counted before.
#include "ops/workspace.h"

#include <gtest/gtest.h>

#include "backends.h"
#include "ops/allocator.h"

namespace tritium {
namespace {

std::unique_ptr<Backend> reference() {
  return *make_backend({.backend = "reference", .threads = 1, .capture_file = {}, .log = {}});
}

// y = 2 x by way of a temporary, n values.
Program doubling(const Tensor& x, const Tensor& y) {
  Program program;
  Ops ops(program);
  const Tensor copy = ops.temporary(x.shape);
  ops(ScaledAdd{.a = x, .b = x, .y = copy, .a_scale = 1.0f, .b_scale = 0.0f});
  ops(Add{.a = x, .b = copy, .y = y});
  EXPECT_TRUE(ops.finish().ok());
  return program;
}

TEST(Workspace, ProgramsRunOneAfterAnotherInTheMemoryOfTheLargest) {
  const std::unique_ptr<Backend> backend = reference();
  Workspace workspace(*backend);
  const Tensor large = *backend->allocate({1000}, DType::f32, "x"), small = large.view({10});
  const std::vector<float> ones(1000, 1.0f);
  ASSERT_TRUE(backend->upload(large, std::as_bytes(std::span(ones))).ok());
  workspace.reserve(plan_memory(doubling(large, large)));
  const uint64_t reserved = workspace.bytes();
  EXPECT_EQ(reserved, 4096u);  // rounded up to 256
  auto first = *workspace.prepare(doubling(small, small)), second = *workspace.prepare(doubling(large, large));
  EXPECT_EQ(workspace.bytes(), reserved);
  ASSERT_TRUE(first->run().ok());
  ASSERT_TRUE(second->run().ok());
  ASSERT_TRUE(first->run().ok());
  std::vector<float> values(1000);
  ASSERT_TRUE(backend->download(large, std::as_writable_bytes(std::span(values))).ok());
  EXPECT_EQ(values[0], 8.0f);
  EXPECT_EQ(values[999], 2.0f);
}

TEST(Workspace, AProgramLargerThanWasReservedGetsWhatItNeeds) {
  const std::unique_ptr<Backend> backend = reference();
  Workspace workspace(*backend);
  const Tensor x = *backend->allocate({1000}, DType::f32, "x");
  auto small = *workspace.prepare(doubling(x.view({10}), x.view({10})));
  auto large = *workspace.prepare(doubling(x, x));
  EXPECT_TRUE(large->run().ok());
  EXPECT_TRUE(small->run().ok());
  EXPECT_EQ(workspace.bytes(), 4096u);
}

TEST(Allocator, CountsWhatItWouldAllocate) {
  for (const char* name : {"reference", "cpu"}) {
    const std::unique_ptr<Backend> backend =
        *make_backend({.backend = name, .threads = 1, .capture_file = {}, .log = {}});
    Allocator real(*backend), counting = Allocator::counting(backend.get());
    for (Allocator* allocator : {&real, &counting}) {
      const Tensor tensor = allocator->tensor("t", {3, 5}, DType::i8);
      EXPECT_TRUE(tensor);
      const Weight trits = allocator->weight(TernaryMatrix(2, 40, 300, ScaleGranularity::group, 128), "w");
      EXPECT_TRUE(trits.ternary());
      const DenseMatrix dense{
          .n_matrices = 1, .rows = 3, .cols = 5, .dtype = DType::bf16, .bytes = std::vector<std::byte>(30)};
      EXPECT_EQ(allocator->weight(dense, "d").row_stride, 8);
      EXPECT_TRUE(allocator->ok());
    }
    EXPECT_EQ(real.bytes(), counting.bytes()) << name;
  }
}

}  // namespace
}  // namespace tritium
