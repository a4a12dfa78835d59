// The Vulkan backend's front door: devices, the backend itself, validation and captures. No Vulkan type
// appears here. The loader is opened at run time: nothing here fails to start on a machine without Vulkan, it
// says what is missing. In a build without Vulkan the same functions come from vulkan_stub.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ops/backend.h"
#include "tritium/log.hpp"
#include "tritium/profile.hpp"
#include "tritium/status.hpp"

namespace tritium::vulkan {

struct DeviceDescription {
  int index = 0;  // in the loader's order: "vulkan:INDEX"
  std::string name;
  std::string driver;       // "llvmpipe Mesa 22.3.6"
  std::string api_version;  // "1.3.230"
  std::string type;         // "discrete gpu", "integrated gpu", "virtual gpu", "cpu" or "other"
  bool software = false;    // runs on the CPU: chosen only by index
  uint64_t memory_bytes = 0;
  bool usable = false;
  std::string unusable_reason;
  std::vector<std::string> features;  // those that matter for speed, in words
};

// Every device of every driver, also those that cannot be used. not_found: no loader, no driver or no device;
// the message says what to install.
Result<std::vector<DeviceDescription>> list_devices();

// Index of the device `auto` takes: the first discrete GPU, else integrated, else virtual; never a software
// device.
std::optional<int> best_device(std::span<const DeviceDescription> devices);

inline constexpr int kBestDevice = -1;

struct VulkanOptions {
  int device_index = 0;     // or kBestDevice
  bool validation = false;  // also on with TRITIUM_VALIDATION=1 in the environment
  // Called from any thread; without it messages go to `log`.
  std::function<void(std::string)> on_validation_message = {};
  LogSink log = {};
  // Compiled pipelines are kept here between runs. Empty: $XDG_CACHE_HOME/tritium or ~/.cache/tritium. A
  // folder that cannot be written costs start-up time, nothing else.
  std::filesystem::path pipeline_cache_dir = {};
  // A copy of shaders/: kernels whose source was changed there are compiled and used in place of the embedded ones.
  // Empty: TRITIUM_SHADER_DIR in the environment, if it is not empty, too.
  std::filesystem::path shader_dir = {};
  // Where end_capture() writes. Not empty: RenderDoc is loaded before the Vulkan instance is made.
  std::filesystem::path capture_file = {};
  // Prepared programs note the time behind each operation, and are waited for: device_times().
  bool profile = false;
  // Seconds that timing fused operations and their twins may take in all (papers/vulkan_decode.md); what was not timed
  // is fused. Within a capture nothing is timed.
  double fusion_seconds = 0.15;
  // All are timed anew, whatever earlier runs kept and TRITIUM_VULKAN_FUSION says.
  bool time_fusions_anew = false;
  // The driver keeps what it makes of kernels, for VK_KHR_pipeline_executable_properties: registers, machine code.
  bool keep_machine_code = false;
};

// invalid_argument: no such device, no such folder of shaders, or TRITIUM_VULKAN_FUSION names no fusion; unsupported:
// it lacks what is needed; not_found: as list_devices().
Result<std::unique_ptr<Backend>> make_vulkan_backend(const VulkanOptions& options);

// What is submitted between the two calls becomes VulkanOptions::capture_file. `backend` was made by
// make_vulkan_backend with a capture file, else invalid_argument.
Status begin_capture(Backend& backend);
Status end_capture(Backend& backend);

// Warnings and errors of the validation layer in this process so far.
uint64_t validation_message_count();

// What `backend` has submitted so far; nothing for other backends. One decoded token takes one submission.
DeviceWork device_work(const Backend& backend);

// Of a backend that was made with VulkanOptions::profile on a device whose clock can be read; else nullopt. Longest
// first: the operations of prepared programs.
std::optional<std::vector<ProfileEntry>> device_times(const Backend& backend);

// Which operations of a decoded token run as one on `backend`, and why: those of the programs that it prepared, in the
// order in which they were met. Nothing for other backends.
std::vector<FusionChoice> fusion_choices(const Backend& backend);

}  // namespace tritium::vulkan
