#include "vulkan/device/device_choice.h"

#include <gtest/gtest.h>

namespace tritium::vulkan {
namespace {

DeviceDescription device(int index, const std::string& type, bool usable = true) {
  DeviceDescription d;
  d.index = index;
  d.name = "gpu " + std::to_string(index);
  d.type = type;
  d.software = type == "cpu";
  d.usable = usable;
  if (!usable) d.unusable_reason = "too old";
  return d;
}

constexpr DeviceFacts kGood = {.api_version = packed_version(1, 2),
                               .compute_queue = true,
                               .storage_buffers = 16,
                               .workgroup_invocations = 1024,
                               .shared_memory_bytes = 32768};

TEST(DeviceChoice, DiscreteBeforeIntegratedBeforeVirtual) {
  const std::vector<DeviceDescription> all = {device(0, "cpu"), device(1, "virtual gpu"), device(2, "integrated gpu"),
                                              device(3, "discrete gpu"), device(4, "discrete gpu")};
  EXPECT_EQ(best_device(all), 3);
  EXPECT_EQ(best_device(std::span(all).first(3)), 2);
  EXPECT_EQ(best_device(std::span(all).first(2)), 1);
}

TEST(DeviceChoice, SoftwareIsNeverTheBest) {
  const std::vector<DeviceDescription> only_software = {device(0, "cpu"), device(1, "other")};
  EXPECT_EQ(best_device(only_software), std::nullopt);
  EXPECT_EQ(choose_device(only_software, kBestDevice).code(), StatusCode::not_found);
}

TEST(DeviceChoice, SoftwareIsTakenByIndex) {
  const std::vector<DeviceDescription> devices = {device(0, "discrete gpu"), device(1, "cpu")};
  const auto chosen = choose_device(devices, 1);
  ASSERT_TRUE(chosen.ok());
  EXPECT_EQ(*chosen, 1u);
}

TEST(DeviceChoice, UnusableDevicesArePassedOver) {
  const std::vector<DeviceDescription> devices = {device(0, "discrete gpu", false), device(1, "integrated gpu")};
  EXPECT_EQ(best_device(devices), 1);
  const auto refused = choose_device(devices, 0);
  EXPECT_EQ(refused.code(), StatusCode::unsupported);
  EXPECT_NE(refused.message().find("too old"), std::string::npos) << refused.message();
}

TEST(DeviceChoice, UnknownIndexListsWhatThereIs) {
  const std::vector<DeviceDescription> devices = {device(0, "cpu")};
  const auto refused = choose_device(devices, 7);
  EXPECT_EQ(refused.code(), StatusCode::invalid_argument);
  EXPECT_NE(refused.message().find("0: gpu 0 (cpu)"), std::string::npos) << refused.message();
}

TEST(DeviceChoice, EveryMissingAbilityHasAReason) {
  EXPECT_EQ(why_unusable(kGood), "");
  DeviceFacts facts = kGood;
  facts.api_version = packed_version(1, 1);
  EXPECT_NE(why_unusable(facts).find("Vulkan 1.1"), std::string::npos);
  facts = kGood;
  facts.compute_queue = false;
  EXPECT_NE(why_unusable(facts), "");
  facts = kGood;
  facts.storage_buffers = 4;
  EXPECT_NE(why_unusable(facts), "");
  facts = kGood;
  facts.workgroup_invocations = 64;
  EXPECT_NE(why_unusable(facts), "");
  facts = kGood;
  facts.shared_memory_bytes = 8192;
  EXPECT_NE(why_unusable(facts), "");
}

}  // namespace
}  // namespace tritium::vulkan
