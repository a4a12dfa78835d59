#include "c_api/call.h"
#include "c_api/handles.h"

namespace tritium::c_api {

static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may set it");

std::function<bool()> keep_going_of(const tritium_cancel* cancel) {
  if (!cancel) return {};
  return [set = cancel->set] { return !set->load(std::memory_order_relaxed); };
}

LogSink log_sink_of(tritium_log log, void* data) {
  if (!log) return {};
  return [log, data](LogLevel level, const std::string& line) {
    log(data, static_cast<int32_t>(level), line.c_str(), line.size());
  };
}

std::function<bool(double)> progress_of(tritium_progress progress, void* data) {
  if (!progress) return {};
  return [progress, data](double fraction) { return progress(data, fraction) == 0; };
}

}  // namespace tritium::c_api

extern "C" {

using namespace tritium::c_api;

tritium_status tritium_cancel_create(tritium_cancel** out, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (tritium::Status s = needs({{out, "out"}}); !s.ok()) return s;
    *out = nullptr;
    return give_handle(out, std::make_shared<std::atomic<bool>>(false));
  });
}

void tritium_cancel_set(tritium_cancel* cancel) {
  if (cancel) cancel->set->store(true, std::memory_order_relaxed);
}

void tritium_cancel_clear(tritium_cancel* cancel) {
  if (cancel) cancel->set->store(false, std::memory_order_relaxed);
}

int32_t tritium_cancel_is_set(const tritium_cancel* cancel) {
  return cancel && cancel->set->load(std::memory_order_relaxed) ? 1 : 0;
}

void tritium_cancel_release(tritium_cancel* cancel) { delete cancel; }
}
