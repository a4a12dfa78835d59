// RenderdocCapture: drives RenderDoc's in-application interface
// (https://renderdoc.org/docs/in_application_api.html) without its header: the few entries used are declared
// in the .cpp. Works without a display.
#pragma once

#include <filesystem>

#include "tritium/status.hpp"

namespace tritium::vulkan {

class RenderdocCapture {
 public:
  // Loads librenderdoc.so, which stays loaded. Call before the Vulkan instance is made. not_found with what
  // to install.
  static Result<RenderdocCapture> load(const std::filesystem::path& file);

  // `instance` is a VkInstance. Both calls wait for nothing: the device must be idle.
  Status begin(void* instance);
  // Moves the capture to exactly `file`.
  Status end(void* instance);

 private:
  RenderdocCapture(const void* api, std::filesystem::path file) : api_(api), file_(std::move(file)) {}

  const void* api_;
  std::filesystem::path file_;
};

}  // namespace tritium::vulkan
