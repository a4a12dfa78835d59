// Devices and runtimes.
#include "c_api/call.h"
#include "c_api/handles.h"
#include "c_api/structs.h"

namespace tritium::c_api {

template <>
tritium_runtime_options defaults<tritium_runtime_options>() {
  return {.size = sizeof(tritium_runtime_options)};
}

namespace {

// What `auto` says about its choice, while a runtime is made; all lines go on to the caller's sink.
struct Choice {
  LogSink sink;
  std::string reason;
  bool made = false;

  void hear(LogLevel level, const std::string& line) {
    if (!made && line.starts_with("auto: ")) reason += (reason.empty() ? "" : "\n") + line;
    if (sink) sink(level, line);
  }
};

Result<tritium_runtime> create(const tritium_runtime_options& o) {
  const Result<WeightLayout> layout = choice(o.layout, WeightLayout::base3, "layout");
  if (!layout.ok()) return layout.status();
  const std::string backend = o.backend ? o.backend : "auto";
  const auto heard = std::make_shared<Choice>(Choice{.sink = log_sink_of(o.log, o.log_data), .reason = {}});
  Result<Runtime> runtime =
      Runtime::create({.backend = backend,
                       .threads = o.threads,
                       .pin = o.pin != 0,
                       .layout = *layout,
                       .log = [heard](LogLevel level, const std::string& line) { heard->hear(level, line); }});
  if (!runtime.ok()) return runtime.status();
  heard->made = true;
  const bool fell_back = backend == "auto" && !runtime->backend().starts_with("vulkan");
  if (fell_back && o.strict != 0)
    return error(StatusCode::not_found, "there is no GPU to use, and strict refuses the CPU: ", heard->reason);
  std::string reason = backend != "auto" ? join(backend, ": asked for by name")
                       : fell_back       ? heard->reason
                                         : join("auto: ", runtime->backend(), " is a real GPU");
  return tritium_runtime{*std::move(runtime), std::move(reason)};
}

tritium_devices list() {
  tritium_devices list{.devices = list_devices(), .features = {}};
  for (const DeviceInfo& device : list.devices) {
    std::vector<const char*>& features = list.features.emplace_back();
    for (const std::string& feature : device.features) features.push_back(feature.c_str());
  }
  return list;
}

tritium_device device_of(const DeviceInfo& d, const std::vector<const char*>& features) {
  return {.size = sizeof(tritium_device),
          .backend = d.backend.c_str(),
          .description = d.description.c_str(),
          .driver = d.driver.c_str(),
          .reason = d.reason.c_str(),
          .features = features.data(),
          .n_features = features.size(),
          .memory_bytes = d.memory_bytes,
          .available = d.available,
          .software = d.software,
          .chosen_by_auto = d.chosen_by_auto,
          .reserved = 0};
}

}  // namespace
}  // namespace tritium::c_api

extern "C" {

using namespace tritium::c_api;
using tritium::Status;
using tritium::StatusCode;

tritium_status tritium_devices_list(tritium_devices** out, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{out, "out"}}); !s.ok()) return s;
    *out = nullptr;
    return give_handle(out, list());
  });
}

uint64_t tritium_devices_count(const tritium_devices* devices) { return devices ? devices->devices.size() : 0; }

tritium_status tritium_devices_get(const tritium_devices* devices, uint64_t index, tritium_device* out,
                                   tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{devices, "devices"}}); !s.ok()) return s;
    const uint64_t n = devices->devices.size();
    if (index >= n) return tritium::error(StatusCode::invalid_argument, "there is no device ", index, " of ", n);
    return give(device_of(devices->devices[index], devices->features[index]), out, "tritium_device");
  });
}

void tritium_devices_release(tritium_devices* devices) { delete devices; }

void tritium_runtime_options_init(tritium_runtime_options* options, uint64_t size) { init_options(options, size); }

tritium_status tritium_runtime_create(const tritium_runtime_options* options, tritium_runtime** out,
                                      tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{out, "out"}}); !s.ok()) return s;
    *out = nullptr;
    const auto all = options_of(options, "tritium_runtime_options");
    if (!all.ok()) return all.status();
    auto runtime = create(*all);
    if (!runtime.ok()) return runtime.status();
    return give_handle(out, *std::move(runtime));
  });
}

const char* tritium_runtime_backend(const tritium_runtime* runtime) {
  return runtime ? runtime->runtime.backend().c_str() : nullptr;
}

const char* tritium_runtime_reason(const tritium_runtime* runtime) {
  return runtime ? runtime->reason.c_str() : nullptr;
}

void tritium_runtime_release(tritium_runtime* runtime) { delete runtime; }
}
