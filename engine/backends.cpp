#include "backends.h"

#include <charconv>
#include <optional>

#include "base/format_text.h"
#include "base/log.h"
#include "cpu/cpu_backend.h"
#include "cpu_ref/reference_backend.h"
#include "ops/timed_backend.h"
#include "vulkan/vulkan_backend.h"

namespace tritium {
namespace {

constexpr const char* kNames = "auto, reference, cpu, vulkan, vulkan:INDEX";

// "vulkan:2" -> 2; nullopt for anything else.
std::optional<int> vulkan_index(const std::string& name) {
  constexpr std::string_view kPrefix = "vulkan:";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  int index = 0;
  const char* end = name.data() + name.size();
  const auto [stop, problem] = std::from_chars(name.data() + kPrefix.size(), end, index);
  return problem == std::errc() && stop == end && index >= 0 ? std::optional(index) : std::nullopt;
}

Result<std::unique_ptr<Backend>> make_vulkan(int index, const BackendOptions& options) {
  return vulkan::make_vulkan_backend({.device_index = index,
                                      .validation = false,
                                      .on_validation_message = {},
                                      .log = options.log,
                                      .pipeline_cache_dir = {},
                                      .capture_file = options.capture_file,
                                      .profile = options.profile});
}

// Asked for by name without an index: a real GPU if there is one, else whatever can run, software drivers included.
Result<std::unique_ptr<Backend>> make_any_vulkan(const BackendOptions& options) {
  const Result<std::vector<vulkan::DeviceDescription>> devices = vulkan::list_devices();
  if (!devices.ok()) return devices.status();
  if (const auto best = vulkan::best_device(*devices)) return make_vulkan(*best, options);
  std::string reasons;
  for (const vulkan::DeviceDescription& d : *devices) {
    if (d.usable) return make_vulkan(d.index, options);
    reasons += join("; ", d.name, ": ", d.unusable_reason);
  }
  return error(StatusCode::not_found, "no usable Vulkan device", reasons);
}

Result<std::unique_ptr<Backend>> make_cpu(const BackendOptions& options) {
  if (Status s = check_cpu_rung(); !s.ok()) return s;
  if (options.layout == WeightLayout::base3 && !cpu_has_base3())
    return error(StatusCode::unsupported, "the layout base3 needs AVX-512 VBMI, and the kernels here are those of ",
                 simd_level(), "; take 2bit or auto");
  return make_cpu_backend(
      {.threads = options.threads, .pin = options.pin, .rung = options.rung, .layout = options.layout});
}

Result<std::unique_ptr<Backend>> make_auto(const BackendOptions& options) {
  const Result<std::vector<vulkan::DeviceDescription>> devices = vulkan::list_devices();
  if (!devices.ok()) {
    log_to(options.log, LogLevel::info, "auto: no Vulkan (" + devices.message() + "); using the CPU");
  } else if (const auto best = vulkan::best_device(*devices)) {
    Result<std::unique_ptr<Backend>> gpu = make_vulkan(*best, options);
    // What was asked for cannot be had, such as a folder of shaders: no reason to compute without it.
    if (gpu.ok() || gpu.code() == StatusCode::invalid_argument) return gpu;
    log_to(options.log, LogLevel::warning, "auto: " + gpu.message() + "; using the CPU");
  } else {
    log_to(options.log, LogLevel::info, "auto: no Vulkan device is a real GPU; using the CPU");
  }
  return make_cpu(options);
}

Result<std::unique_ptr<Backend>> make_named(const BackendOptions& options) {
  const std::string& name = options.backend;
  const auto index = vulkan_index(name);
  constexpr int kMaxThreads = 1024;
  if (options.threads < 0 || options.threads > kMaxThreads)
    return error(StatusCode::invalid_argument, "threads is ", options.threads, ", must be 0 (all cores) to ",
                 kMaxThreads);
  if (!options.capture_file.empty() && name != "vulkan" && !index)
    return error(StatusCode::invalid_argument, "a RenderDoc capture needs a Vulkan backend; --backend is ", name);
  if (name == "auto") return make_auto(options);
  if (name == "reference") return make_reference_backend();
  if (name == "cpu") return make_cpu(options);
  if (name == "vulkan") return make_any_vulkan(options);
  if (index) return make_vulkan(*index, options);
  return error(StatusCode::invalid_argument, "unknown backend \"", name, "\"; known: ", kNames);
}

}  // namespace

Result<std::unique_ptr<Backend>> make_backend(const BackendOptions& options) {
  Result<std::unique_ptr<Backend>> made = make_named(options);
  if (!made.ok() || !options.profile || vulkan::device_times(**made)) return made;
  return make_timed_backend(*std::move(made));
}

std::vector<ProfileEntry> operation_times_of(const Backend& backend) {
  if (const auto times = vulkan::device_times(backend)) return *times;
  return operation_times(backend);
}

DeviceWork device_work_of(const Backend& backend) { return vulkan::device_work(backend); }

std::vector<FusionChoice> fusion_choices_of(const Backend& backend) { return vulkan::fusion_choices(backend); }

std::vector<std::string> cpu_rungs() {
  return cpu_rung_is_named() ? std::vector<std::string>{simd_level()} : simd_levels();
}

int64_t prompt_batch_of(std::string_view backend) { return backend == "cpu" ? kCpuPromptBatch : Backend::kPromptBatch; }

std::vector<DeviceInfo> describe_backends() {
  std::vector<DeviceInfo> infos;
  infos.push_back({.backend = "reference",
                   .description = "plain loops, one thread: slow, for checking",
                   .driver = {},
                   .available = true,
                   .reason = {},
                   .software = false,
                   .chosen_by_auto = false,
                   .memory_bytes = 0,
                   .features = {}});
  infos.push_back(describe_cpu());
  const Result<std::vector<vulkan::DeviceDescription>> devices = vulkan::list_devices();
  std::optional<int> best;
  if (!devices.ok()) {
    DeviceInfo none;
    none.backend = "vulkan";
    none.reason = devices.message();
    infos.push_back(none);
  } else {
    best = vulkan::best_device(*devices);
    for (const vulkan::DeviceDescription& d : *devices)
      infos.push_back({.backend = join("vulkan:", d.index),
                       .description = d.name,
                       .driver = join(d.driver, ", Vulkan ", d.api_version, ", ", d.type),
                       .available = d.usable,
                       .reason = d.unusable_reason,
                       .software = d.software,
                       .chosen_by_auto = best == d.index,
                       .memory_bytes = d.memory_bytes,
                       .features = d.features});
  }
  if (!best) infos[1].chosen_by_auto = true;
  return infos;
}

Status begin_capture(Backend& backend) { return vulkan::begin_capture(backend); }
Status end_capture(Backend& backend) { return vulkan::end_capture(backend); }

}  // namespace tritium
