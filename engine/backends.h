// The registry: the only place that names every backend.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ops/backend.h"
#include "tritium/log.hpp"
#include "tritium/profile.hpp"
#include "tritium/runtime.hpp"

namespace tritium {

struct BackendOptions {
  std::string backend = "auto";
  int threads = 0;
  bool pin = false;
  std::string rung = {};                        // of the cpu, one of cpu_rungs(); empty: the best
  WeightLayout layout = WeightLayout::two_bit;  // of the cpu; what is trained must be two_bit
  std::string capture_file;
  bool profile = false;  // operation_times_of() of what is made
  LogSink log;
};

// Errors: invalid_argument for an unknown name, of a rung in TRITIUM_CPU_RUNG too; not_found or device_error for a
// backend that cannot run here, which `auto` does not choose; unsupported for a layout that its kernels do not have.
Result<std::unique_ptr<Backend>> make_backend(const BackendOptions& options);

// Of a backend that was made with `profile`, longest first; empty for others.
std::vector<ProfileEntry> operation_times_of(const Backend& backend);
// What a Vulkan backend was told to do; nothing for others, and of one that is waited for operation by operation.
DeviceWork device_work_of(const Backend& backend);

// Which operations run as one on a Vulkan backend, and why; nothing for others, and of one that is waited for operation
// by operation.
std::vector<FusionChoice> fusion_choices_of(const Backend& backend);

// Backend::prompt_batch() of a backend of this name, without one: "cpu", "vulkan".
int64_t prompt_batch_of(std::string_view backend);

std::vector<DeviceInfo> describe_backends();

// The sets of kernels that the cpu backend has for this processor, best first; that which TRITIUM_CPU_RUNG names alone.
std::vector<std::string> cpu_rungs();

// RenderDoc captures around what a backend submits; errors for backends other than Vulkan.
Status begin_capture(Backend& backend);
Status end_capture(Backend& backend);

}  // namespace tritium
