// A build without Vulkan answers every call with its reason.
#include <gtest/gtest.h>

#include "vulkan/vulkan_backend.h"

namespace tritium::vulkan {
namespace {

TEST(VulkanStub, SaysThatThisBuildHasNoVulkan) {
  EXPECT_EQ(list_devices().code(), StatusCode::unsupported);
  const auto backend = make_vulkan_backend({});
  EXPECT_EQ(backend.code(), StatusCode::unsupported);
  EXPECT_NE(backend.message().find("this build has no Vulkan: "), std::string::npos) << backend.message();
  EXPECT_EQ(validation_message_count(), 0u);
}

}  // namespace
}  // namespace tritium::vulkan
