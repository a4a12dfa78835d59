#include "graph/arena.h"

#include "tests/training/training_model.h"

namespace tritium {
namespace {

TEST(Arena, LendsMemoryAgainWhenTheLastHandleIsGone) {
  const std::unique_ptr<Backend> backend = training_backend("reference");
  Ops ops(*backend);
  Arena arena(ops);
  Tensor first = arena.take({10});
  const Buffer* memory = first.buffer.get();
  Tensor copy = first.view({5});
  first = {};
  EXPECT_NE(arena.take({10}).buffer.get(), memory);
  copy = {};
  EXPECT_EQ(arena.take({10}).buffer.get(), memory);
}

TEST(Arena, ATensorOutlivesTheArena) {
  const std::unique_ptr<Backend> backend = training_backend("cpu");
  Ops ops(*backend);
  Tensor tensor;
  {
    Arena arena(ops);
    tensor = arena.take({4});
  }
  const std::vector<float> values = {1, 2, 3, 4};
  std::vector<float> back(4);
  ops.upload(tensor, std::as_bytes(std::span(values)));
  ops.download(tensor, std::as_writable_bytes(std::span(back)));
  EXPECT_TRUE(ops.finish().ok());
  EXPECT_EQ(back, values);
}

// Activations of a layer are free again as soon as their gradients are computed, also on a device that has not run
// anything of it yet.
TEST(Arena, AStepNeedsAsMuchMemoryOnVulkanAsOnTheCpu) {
  std::unique_ptr<Backend> vulkan = training_backend("vulkan");
  if (!vulkan) GTEST_SKIP() << "vulkan cannot run here";
  TrainingModel cpu(training_backend("cpu"), kTinyMoe, {}), device(std::move(vulkan), kTinyMoe, {});
  for (int64_t step = 1; step <= 2; ++step) cpu.step(step), device.step(step);
  EXPECT_EQ(device.arena.bytes(), cpu.arena.bytes());
}

}  // namespace
}  // namespace tritium
