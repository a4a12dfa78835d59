// A build without Vulkan answers every call with its reason.
#include <gtest/gtest.h>

#include "vulkan/device/device_details.h"
#include "vulkan/device_probe.h"
#include "vulkan/vulkan_backend.h"

namespace tritium::vulkan {
namespace {

TEST(VulkanStub, SaysThatThisBuildHasNoVulkan) {
  EXPECT_EQ(list_devices().code(), StatusCode::unsupported);
  const auto backend = make_vulkan_backend({});
  EXPECT_EQ(backend.code(), StatusCode::unsupported);
  EXPECT_NE(backend.message().find("this build has no Vulkan: "), std::string::npos) << backend.message();
  EXPECT_EQ(device_details(0).code(), StatusCode::unsupported);
  EXPECT_EQ(open_device_probe({}).code(), StatusCode::unsupported);
  EXPECT_EQ(validation_message_count(), 0u);
}

}  // namespace
}  // namespace tritium::vulkan
