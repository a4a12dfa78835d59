#include "vulkan/commands/barrier_tracker.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace tritium::vulkan {
namespace {

constexpr Touch read(uint64_t buffer, uint64_t begin = 0, uint64_t end = 64) { return {buffer, begin, end, false}; }
constexpr Touch write(uint64_t buffer, uint64_t begin = 0, uint64_t end = 64) { return {buffer, begin, end, true}; }

std::optional<Barrier> compute(BarrierTracker& tracker, std::initializer_list<Touch> touches) {
  return tracker.before(Stage::compute, std::span(touches.begin(), touches.size()));
}
std::optional<Barrier> transfer(BarrierTracker& tracker, std::initializer_list<Touch> touches) {
  return tracker.before(Stage::transfer, std::span(touches.begin(), touches.size()));
}

TEST(BarrierTracker, IndependentCommandsNeedNone) {
  BarrierTracker tracker;
  EXPECT_FALSE(compute(tracker, {read(1), write(2)}));
  EXPECT_FALSE(compute(tracker, {read(1), write(3)}));  // two readers
  EXPECT_FALSE(compute(tracker, {read(4), write(5)}));
}

TEST(BarrierTracker, ReadAfterWrite) {
  BarrierTracker tracker;
  EXPECT_FALSE(compute(tracker, {write(1)}));
  const auto barrier = compute(tracker, {read(1)});
  ASSERT_TRUE(barrier);
  EXPECT_EQ(*barrier, (Barrier{.compute = true, .compute_writes = true}));
}

TEST(BarrierTracker, WriteAfterReadNeedsOnlyOrder) {
  BarrierTracker tracker;
  EXPECT_FALSE(compute(tracker, {read(1)}));
  const auto barrier = compute(tracker, {write(1)});
  ASSERT_TRUE(barrier);
  EXPECT_EQ(*barrier, (Barrier{.compute = true}));
}

TEST(BarrierTracker, WriteAfterWrite) {
  BarrierTracker tracker;
  EXPECT_FALSE(compute(tracker, {write(1)}));
  EXPECT_TRUE(compute(tracker, {write(1)}));
}

TEST(BarrierTracker, OneBarrierSeparatesEverythingBefore) {
  BarrierTracker tracker;
  EXPECT_FALSE(compute(tracker, {write(1)}));
  EXPECT_FALSE(compute(tracker, {write(2)}));
  EXPECT_TRUE(compute(tracker, {read(1), write(3)}));
  EXPECT_FALSE(compute(tracker, {read(2), write(4)}));  // 2 was separated by the barrier for 1
  EXPECT_TRUE(compute(tracker, {read(3)}));
}

TEST(BarrierTracker, DisjointBytesOfOneBufferAreIndependent) {
  BarrierTracker tracker;
  EXPECT_FALSE(compute(tracker, {write(1, 0, 64)}));
  EXPECT_FALSE(compute(tracker, {write(1, 64, 128)}));
  EXPECT_TRUE(compute(tracker, {read(1, 60, 68)}));
}

TEST(BarrierTracker, OneCommandDoesNotConflictWithItself) {
  BarrierTracker tracker;
  EXPECT_FALSE(compute(tracker, {read(1), write(1)}));
}

TEST(BarrierTracker, StagesBeforeAreNamedExactly) {
  BarrierTracker tracker;
  EXPECT_FALSE(transfer(tracker, {write(1)}));
  const auto after_upload = compute(tracker, {read(1), write(2)});
  ASSERT_TRUE(after_upload);
  EXPECT_EQ(*after_upload, (Barrier{.transfer = true, .transfer_writes = true}));

  const auto before_download = transfer(tracker, {read(2), write(9)});
  ASSERT_TRUE(before_download);
  EXPECT_EQ(*before_download, (Barrier{.compute = true, .compute_writes = true}));

  EXPECT_FALSE(compute(tracker, {read(3)}));
  const auto overwrite = transfer(tracker, {write(2), write(3)});
  ASSERT_TRUE(overwrite);
  EXPECT_EQ(*overwrite, (Barrier{.compute = true, .transfer = true, .transfer_writes = true}));
}

}  // namespace
}  // namespace tritium::vulkan
