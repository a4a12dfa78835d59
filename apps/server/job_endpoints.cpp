// Fine-tuning over HTTP.
#include <algorithm>
#include <charconv>

#include "server/job_files.h"
#include "server/service.h"

namespace tritium::server {
namespace {

ApiError disabled() {
  return {.status = 404,
          .message = "this server fine-tunes nothing: start it with --jobs FOLDER and --files FOLDER",
          .code = "not_found"};
}

HttpReply reply_of_outcome(const Outcome<Json>& outcome) {
  return outcome.ok() ? reply_of(*outcome) : reply_of(outcome.error());
}

std::string query(const HttpRequest& request, const std::string& name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string() : found->second;
}

Outcome<size_t> limit_of(const HttpRequest& request) {
  constexpr size_t kDefault = 20, kMost = 1000;
  const std::string text = query(request, "limit");
  if (text.empty()) return kDefault;
  size_t limit = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (problem != std::errc() || end != text.data() + text.size() || limit < 1 || limit > kMost)
    return invalid("limit", "is not from 1 to " + std::to_string(kMost));
  return limit;
}

HttpReply create(Service& service, const HttpRequest& request) {
  const Outcome<Json> body = parse_json(request.body);
  if (!body.ok()) return reply_of(body.error());
  const Outcome<FineTuningRequest> asked = read_fine_tuning(*body);
  if (!asked.ok()) return reply_of(asked.error());
  const Outcome<ServedModel> served = service.models.find(asked->model);
  if (!served.ok()) return reply_of(served.error());
  if (!served->adapter.empty())
    return reply_of(unsupported("model", "an adapter is not trained further: train " + served->adapter_of));
  if (!asked->suffix.empty() && service.models.find(served->id + ":" + asked->suffix).ok())
    return reply_of(invalid("suffix", "there is a " + served->id + ":" + asked->suffix + " already"));
  const ModelInfo& info = served->scheduler->model().info();
  const auto context = asked->options.find("context");
  if (context != asked->options.end() && context->is_number() &&
      context->get<double>() > static_cast<double>(info.context_length))
    return reply_of(
        invalid("tritium.context", "the model takes at most " + std::to_string(info.context_length) + " tokens"));
  return reply_of_outcome(service.jobs->create(*asked, served->id, info.path));
}

std::string sse_of(const Json& event) { return "id: " + event.value("id", "") + "\n" + sse(event); }

// All from the first on, then each as it comes.
HttpReply follow(Service& service, const HttpRequest& request, const std::string& id) {
  std::string after = query(request, "after");
  if (after.empty()) after = request.header("last-event-id");
  const size_t number = Jobs::event_number(after);
  if (!after.empty() && number == SIZE_MAX) return reply_of(invalid("after", "is no event's id"));
  if (const Outcome<Json> job = service.jobs->get(id); !job.ok()) return reply_of(job.error());
  const size_t first = after.empty() ? 0 : number + 1;
  Jobs* jobs = service.jobs.get();
  return {.content_type = "text/event-stream",
          .headers = {{"Cache-Control", "no-cache"}, {"X-Accel-Buffering", "no"}},
          .stream = [jobs, id, first, &service](Sink& sink) {
            constexpr std::chrono::seconds kTick(1), kKeepAlive(10);
            auto said = std::chrono::steady_clock::now();
            size_t next = first;
            while (!sink.gone() && !service.stopping) {
              const Outcome<Jobs::Followed> followed = jobs->follow(id, next, kTick);
              if (!followed.ok()) return;
              std::string text;
              for (const Json& event : followed->events) text += sse_of(event);
              next += followed->events.size();
              const auto now = std::chrono::steady_clock::now();
              if (text.empty() && now - said > kKeepAlive) text = kSseKeepAlive;
              if (followed->ended) text += kSseDone;
              if (!text.empty()) said = now;
              if (!sink.write(text) || followed->ended) return;
            }
          }};
}

HttpReply of_one(Service& service, const HttpRequest& request, const std::string& rest) {
  const size_t slash = std::min(rest.find('/'), rest.size());
  const std::string id = rest.substr(0, slash), what = rest.substr(slash);
  const bool get = request.method == "GET" || request.method == "HEAD";
  if (what.empty() && get) return reply_of_outcome(service.jobs->get(id));
  if (what == "/cancel" && request.method == "POST") return reply_of_outcome(service.jobs->cancel(id));
  if (what == "/events" && get) {
    if (query(request, "stream") == "true") return follow(service, request, id);
    const Outcome<size_t> limit = limit_of(request);
    if (!limit.ok()) return reply_of(limit.error());
    return reply_of_outcome(service.jobs->events(id, *limit, query(request, "after")));
  }
  return reply_of(not_found("not_found", "there is no " + request.method + " of a job's " + what.substr(0, 100)));
}

}  // namespace

HttpReply fine_tuning(Service& service, const HttpRequest& request, const Gone&) {
  if (!service.jobs) return reply_of(disabled());
  constexpr std::string_view kJobs = "/v1/fine_tuning/jobs";
  if (request.path.size() > kJobs.size()) return of_one(service, request, request.path.substr(kJobs.size() + 1));
  if (request.method == "POST") return create(service, request);
  const Outcome<size_t> limit = limit_of(request);
  if (!limit.ok()) return reply_of(limit.error());
  return reply_of_outcome(service.jobs->list(*limit, query(request, "after")));
}

HttpReply list_files(Service& service) {
  if (!service.jobs) return reply_of(disabled());
  Json data = Json::array();
  for (const FileEntry& file : files_below(service.jobs->files()))
    data.push_back({{"id", file.name},
                    {"object", "file"},
                    {"bytes", file.bytes},
                    {"created_at", file.changed},
                    {"filename", utf8_of(path_of(file.name).filename())},
                    {"purpose", "fine-tune"}});
  return reply_of(list_json(std::move(data)));
}

}  // namespace tritium::server
