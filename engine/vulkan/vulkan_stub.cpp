// The Vulkan backend of a build without Vulkan: the same functions, which say so. Takes the place of every
// other file of this folder but device_choice.cpp, so that callers need no #ifdef.
#include "vulkan/device/device_details.h"
#include "vulkan/device_probe.h"
#include "vulkan/vulkan_backend.h"

namespace tritium::vulkan {
namespace {

Status no_vulkan() {
  return Status(StatusCode::unsupported, std::string("this build has no Vulkan: ") + TRITIUM_NO_VULKAN_REASON);
}

}  // namespace

Result<std::vector<DeviceDescription>> list_devices() { return no_vulkan(); }
Result<std::unique_ptr<Backend>> make_vulkan_backend(const VulkanOptions&) { return no_vulkan(); }
Result<DeviceDetails> device_details(int) { return no_vulkan(); }
Result<std::unique_ptr<DeviceProbe>> open_device_probe(const VulkanOptions&) { return no_vulkan(); }
Status begin_capture(Backend&) { return no_vulkan(); }
Status end_capture(Backend&) { return no_vulkan(); }
uint64_t validation_message_count() { return 0; }
DeviceWork device_work(const Backend&) { return {}; }
std::optional<std::vector<ProfileEntry>> device_times(const Backend&) { return std::nullopt; }
std::vector<FusionChoice> fusion_choices(const Backend&) { return {}; }

}  // namespace tritium::vulkan
