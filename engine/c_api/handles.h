// What stands behind the handles of tritium.h.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tritium/tritium.h"
#include "tritium/tritium.hpp"

struct tritium_cancel {
  std::shared_ptr<std::atomic<bool>> set;
};

struct tritium_devices {
  std::vector<tritium::DeviceInfo> devices;
  std::vector<std::vector<const char*>> features;  // of each
};

struct tritium_runtime {
  tritium::Runtime runtime;
  std::string reason;
};

struct tritium_info {
  std::optional<tritium::Model> model;  // whose info it is,
  tritium::ModelInfo inspected;         // or that
  const tritium::ModelInfo& info() const { return model ? model->info() : inspected; }
};

struct tritium_model {
  tritium::Model model;
};

struct tritium_adapter {
  tritium::Adapter adapter;
};

struct tritium_sampler {
  tritium::Sampler sampler;
};

struct tritium_session {
  tritium::Session session;
  // Of a generation that was begun: its stop texts, and the most probable tokens beside the last one.
  std::vector<std::string> stop;
  std::vector<tritium_log_probability> most_probable;
};

namespace tritium::c_api {

// Empty for null.
std::function<bool()> keep_going_of(const tritium_cancel* cancel);
LogSink log_sink_of(tritium_log log, void* data);
// False ends the call.
std::function<bool(double)> progress_of(tritium_progress progress, void* data);

}  // namespace tritium::c_api
