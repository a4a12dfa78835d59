// What there is, and how it does. None of this wakes a parked model.
#include "server/service.h"

namespace tritium::server {

HttpReply list_models(Service& service) {
  Json data = Json::array();
  for (const ServedModel& served : service.models.all()) data.push_back(model_json(entry_of(served)));
  return reply_of(list_json(std::move(data)));
}

HttpReply one_model(Service& service, const std::string& id) {
  const Outcome<ServedModel> served = service.models.find(id);
  return served.ok() ? reply_of(model_json(entry_of(*served))) : reply_of(served.error());
}

HttpReply health(Service& service) {
  const DeviceInfo& device = service.options.device;
  Json models = Json::array();
  int64_t active = 0, queued = 0;
  for (const ServedModel& served : service.models.all()) {
    if (!served.adapter.empty()) continue;
    const SchedulerFigures figures = served.scheduler->figures();
    active += figures.active;
    queued += figures.queued;
    models.push_back({{"id", served.id},
                      {"parked", served.scheduler->model().is_parked()},
                      {"active", figures.active},
                      {"queued", figures.queued},
                      {"sessions", served.scheduler->sessions()},
                      {"tokens_per_second", figures.tokens_per_second},
                      {"cached_prompt_bytes", figures.cached_prompt_bytes}});
  }
  const std::string running = service.jobs ? service.jobs->running() : "";
  const bool stopping = service.stopping;
  HttpReply reply = reply_of(Json{
      {"status", stopping ? "stopping" : "ok"},
      {"version", version()},
      {"seconds", service.uptime_s()},
      {"device",
       {{"backend", device.backend},
        {"description", device.description},
        {"driver", device.driver},
        {"memory_bytes", device.memory_bytes}}},
      {"connections", service.http_figures().connections},
      {"requests", {{"active", active}, {"queued", queued}}},
      {"models", models},
      {"fine_tuning", {{"enabled", service.jobs != nullptr}, {"running", running.empty() ? Json() : Json(running)}}}});
  constexpr int kUnavailable = 503;
  if (stopping) reply.status = kUnavailable;
  return reply;
}

}  // namespace tritium::server
