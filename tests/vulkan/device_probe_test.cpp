// What a device says about itself, and the measurements of its limits, on whatever device is there; with validation.
#include "vulkan/device_probe.h"

#include <gtest/gtest.h>

#include "tests/vulkan/test_gpu.h"
#include "vulkan/device/device_details.h"

namespace tritium::vulkan {
namespace {

class DeviceProbeTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto devices = list_devices();
    if (!devices.ok()) GTEST_SKIP() << devices.message();
    auto made = open_device_probe({.device_index = 0, .validation = true, .pipeline_cache_dir = cache_.path()});
    ASSERT_TRUE(made.ok()) << made.message();
    probe_ = std::move(*made);
  }
  void TearDown() override {
    probe_.reset();
    EXPECT_EQ(validation_message_count(), messages_before_);
  }
  static void expect_time(const Result<double>& time) {
    ASSERT_TRUE(time.ok()) << time.message();
    EXPECT_GT(*time, 0.0);
  }

  TemporaryFolder cache_;
  uint64_t messages_before_ = validation_message_count();
  std::unique_ptr<DeviceProbe> probe_;
};

TEST_F(DeviceProbeTest, MeasuresReadsAndTransfersOfABuffer) {
  for (const uint64_t bytes : {uint64_t{1} << 16, uint64_t{1} << 20}) {
    ASSERT_TRUE(probe_->use_buffer(bytes).ok());
    expect_time(probe_->read(1));
    expect_time(probe_->upload());
    expect_time(probe_->download());
  }
  EXPECT_GE(probe_->largest_read(), uint64_t{1} << 26);  // what Vulkan guarantees is 128 MiB less one byte
  EXPECT_GT(probe_->bytes_of_round(), 0u);
}

TEST_F(DeviceProbeTest, MeasuresArithmeticAndDispatches) {
  expect_time(probe_->multiply_add(Arithmetic::f32, 1));
  expect_time(probe_->multiply_add(Arithmetic::i32, 1));
  for (const bool dependent : {true, false}) {
    const auto time = probe_->dispatches(DeviceProbe::kMostDispatches, dependent);
    ASSERT_TRUE(time.ok()) << time.message();
    EXPECT_GT(time->record, 0.0);
    EXPECT_GT(time->run, 0.0);
  }
}

TEST_F(DeviceProbeTest, DetailsAreThoseOfTheListedDevice) {
  const auto devices = list_devices();
  const auto details = device_details(0);
  ASSERT_TRUE(details.ok()) << details.message();
  EXPECT_EQ(details->description.name, devices->front().name);
  EXPECT_FALSE(details->heaps.empty());
  EXPECT_FALSE(details->memory_types.empty());
  EXPECT_FALSE(details->numbers.empty());
  EXPECT_FALSE(details->features.empty());
  EXPECT_FALSE(details->cooperative_matrix_source.empty());
  EXPECT_GT(free_bytes(details->heaps), 0u);
  EXPECT_EQ(device_details(static_cast<int>(devices->size())).code(), StatusCode::invalid_argument);
  EXPECT_EQ(device_details(-1).code(), StatusCode::invalid_argument);
}

}  // namespace
}  // namespace tritium::vulkan
