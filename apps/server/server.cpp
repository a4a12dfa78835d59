#include "server/server.h"

#include <thread>

#include "server/notify.h"
#include "server/service.h"

namespace tritium::server {

struct Server::State {
  Service service;
  std::unique_ptr<HttpServer> http;  // the last: its threads use the service
};

namespace {

SchedulerOptions scheduler_options(const ServerOptions& options) {
  return {.sessions = options.sessions,
          .session = options.session,
          .queue = static_cast<size_t>(options.queue),
          .batch = options.batch,
          .cached_prompt_bytes = options.prompt_cache_bytes,
          .park_after = options.park_after,
          .log = options.log};
}

Status add_model(Models& models, const std::string& name, Model model, const ServerOptions& options) {
  Result<std::unique_ptr<Scheduler>> scheduler = Scheduler::start(std::move(model), scheduler_options(options));
  if (!scheduler.ok()) return scheduler.status().within(name);
  return models.add(name, *std::move(scheduler));
}

// An adapter beside its model, or a model of its own.
Result<std::string> publish(Service& service, const std::string& model, const std::string& suffix,
                            const std::string& path) {
  const Status adapter = service.models.add_adapter(model, suffix, path);
  const std::string id = model + ":" + suffix;
  if (adapter.ok()) return id;
  if (!service.options.load) return adapter;
  Result<Model> whole = service.options.load(path);
  if (!whole.ok())
    return Status(adapter.code(), "as an adapter: " + adapter.message() + "; as a model: " + whole.message());
  const Status added = add_model(service.models, id, *std::move(whole), service.options);
  return added.ok() ? Result<std::string>(id) : added;
}

// Who waits for a word that does not come gives up by itself: nothing to end for here.
void tell(const ServerOptions& options, const std::string& state) {
  const Status told = tell_supervisor(state);
  if (!told.ok() && options.log) options.log(LogLevel::warning, "the supervisor is not told: " + told.message());
}

std::string log_line(const HttpRequest& request, int status, double seconds) {
  const auto or_dash = [](const std::string& text) { return text.empty() ? "-" : text.substr(0, 200); };
  return request.remote + " " + or_dash(request.method) + " " + or_dash(request.path) + " " + std::to_string(status) +
         " " + std::to_string(static_cast<int64_t>(seconds * 1000)) + " ms";
}

}  // namespace

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() {
  if (!state_) return;
  state_->service.stopping = state_->service.cutting = true;
  if (state_->service.jobs) state_->service.jobs->stop();
  state_->service.models.end_all();
  state_->http.reset();
}

Result<std::unique_ptr<Server>> Server::start(std::vector<NamedModel> models, const std::vector<NamedAdapter>& adapters,
                                              const ServerOptions& options) {
  Result<Listener> listener = Listener::open(options.host, options.port);
  if (!listener.ok()) return listener.status();
  auto state = std::make_unique<State>();
  Service& service = state->service;
  service.options = options;
  for (NamedModel& one : models)
    if (const Status added = add_model(service.models, one.name, std::move(one.model), options); !added.ok())
      return added;
  for (const NamedAdapter& one : adapters)
    if (const Status added = service.models.add_adapter(one.model, one.name, one.path); !added.ok()) return added;
  if (!options.jobs.empty()) {
    Result<std::unique_ptr<Jobs>> jobs =
        Jobs::start({.folder = options.jobs,
                     .files = options.files,
                     .backend = options.device.backend,
                     .threads = options.training_threads,
                     .publish = [&service](const std::string& model, const std::string& suffix,
                                           const std::string& path) { return publish(service, model, suffix, path); },
                     .log = options.log});
    if (!jobs.ok()) return jobs.status();
    service.jobs = *std::move(jobs);
  }
  const HttpLimits limits = {.connections = static_cast<size_t>(options.connections),
                             .body_bytes = options.body_bytes,
                             .read = options.read_timeout};
  HttpHandlers handlers = {.admit = [&service](const HttpRequest& head) { return admit_request(service, head); },
                           .answer = [&service](const HttpRequest& request,
                                                const Gone& gone) { return answer_request(service, request, gone); },
                           .done =
                               [&service](const HttpRequest& request, int status, double seconds) {
                                 if (request.method.empty() && status == 0)
                                   return;  // a connection that ended without a word
                                 service.metrics.count_request(endpoint_of(request.path), status, seconds);
                                 if (service.options.access_log)
                                   service.options.access_log(log_line(request, status, seconds));
                               }};
  handlers.dress = [&service](const HttpRequest& request, HttpReply& reply) { add_cors(service, request, reply); };
  state->http = std::make_unique<HttpServer>(*std::move(listener), limits, std::move(handlers));
  service.http_figures = [http = state->http.get()] { return http->figures(); };
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

int Server::port() const { return state_->http->port(); }

void Server::run(const std::function<bool()>& keep_going) {
  constexpr std::chrono::milliseconds kTick(100);
  HttpServer& http = *state_->http;
  Service& service = state_->service;
  tell(service.options, "READY=1");
  while (keep_going()) http.serve(kTick);
  tell(service.options, "STOPPING=1");
  service.stopping = true;
  service.models.stop_taking();
  if (service.jobs) service.jobs->stop();  // its checkpoint waits for no answer
  http.drain();
  // Those that come now are told that the server is stopping.
  const auto serve_until_idle = [&](std::chrono::seconds at_most) {
    const auto until = std::chrono::steady_clock::now() + at_most;
    while (std::chrono::steady_clock::now() < until && (!service.models.idle() || http.is_answering()))
      http.serve(kTick);
  };
  serve_until_idle(service.options.stop_timeout);
  service.cutting = true;
  service.models.end_all();
  constexpr std::chrono::seconds kLastWords(5);  // for those that were cut to be told so
  serve_until_idle(kLastWords);
}

}  // namespace tritium::server
