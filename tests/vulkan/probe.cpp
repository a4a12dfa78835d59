// Prints what the Vulkan functions say in the environment this program is started in; missing_vulkan_test.cpp
// starts it in broken ones. Must always exit with 0.
#include <cstdio>

#include "vulkan/vulkan_backend.h"

int main() {
  using namespace tritium;
  const auto devices = vulkan::list_devices();
  if (devices.ok()) {
    for (const auto& d : *devices) {
      std::printf("device %d: %s | %s | %s | %s | %s\n", d.index, d.name.c_str(), d.driver.c_str(),
                  d.api_version.c_str(), d.type.c_str(), d.usable ? "usable" : d.unusable_reason.c_str());
      for (const std::string& feature : d.features) std::printf("  %s\n", feature.c_str());
    }
  } else {
    std::printf("list: code %d: %s\n", static_cast<int>(devices.code()), devices.message().c_str());
  }
  vulkan::VulkanOptions options;
  options.log = [](LogLevel, const std::string& line) { std::printf("log: %s\n", line.c_str()); };
  const auto backend = vulkan::make_vulkan_backend(options);
  std::printf("backend: code %d: %s\n", static_cast<int>(backend.code()), backend.message().c_str());
}
