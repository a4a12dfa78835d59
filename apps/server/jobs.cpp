#include "server/jobs.h"

#include <algorithm>
#include <charconv>

#include "server/job_files.h"
#include "server/models.h"
#include "server/openai/replies.h"

namespace tritium::server {
namespace {

namespace fs = std::filesystem;

bool is_over(const Json& job) {
  const std::string status = job.value("status", "");
  return status == "succeeded" || status == "failed" || status == "cancelled";
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  if (what.size() <= 1) return;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

// What a client need not know of this machine.
Json without_paths(const TrainOptions& options) {
  Json all = *parse_json(train_options_to_json(options));
  for (const char* key : {"model", "data", "valid_data", "folder", "output", "resume", "overwrite", "text",
                          "transformer", "tokenizer", "teacher"})
    all.erase(key);
  return all;
}

// That job.json has what is read of it, as it should be: somebody may have changed it.
bool is_job(const Json& json, const std::string& folder) {
  const auto is_text = [](const Json& object, const char* key) {
    return object.contains(key) && object[key].is_string();
  };
  if (!json.is_object() || !json.contains("shown") || !json.contains("hidden")) return false;
  const Json &shown = json["shown"], &hidden = json["hidden"];
  if (!shown.is_object() || !hidden.is_object()) return false;
  if (!is_text(shown, "id") || !is_text(shown, "status") || !is_text(shown, "model") || !is_text(hidden, "suffix"))
    return false;
  const bool whole = shown["id"] == folder && shown.contains("fine_tuned_model") && shown.contains("created_at") &&
                     shown["created_at"].is_number_integer() && shown.contains("tritium") &&
                     shown["tritium"].is_object() && hidden.contains("options") && hidden["options"].is_object();
  return whole && (!shown["tritium"].contains("resumed") || shown["tritium"]["resumed"].is_number_integer());
}

std::string number_text(double value) {
  std::string text = std::to_string(value);
  return text.substr(0, text.find('.') + 5);
}

}  // namespace

Result<std::unique_ptr<Jobs>> Jobs::start(JobsOptions options) {
  std::unique_ptr<Jobs> jobs(new Jobs(std::move(options)));
  if (const Status loaded = jobs->load(); !loaded.ok()) return loaded;
  jobs->thread_ = std::thread([all = jobs.get()] { all->run(); });
  return jobs;
}

void Jobs::stop() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
}

Jobs::~Jobs() {
  stop();
  if (thread_.joinable()) thread_.join();
}

Status Jobs::load() {
  std::error_code problem;
  fs::create_directories(path_of(options_.folder), problem);
  if (problem) return Status(StatusCode::io_error, options_.folder + ": " + problem.message());
  Result<FolderLock> lock = FolderLock::take(options_.folder);
  if (!lock.ok()) return lock.status();
  lock_.emplace(*std::move(lock));
  if (!fs::is_directory(path_of(options_.files), problem))
    return Status(StatusCode::not_found, options_.files + ": the folder of --files is not there");
  for (const auto& entry : fs::directory_iterator(path_of(options_.folder), problem)) {
    std::error_code of_file;
    if (fs::exists(entry.path() / "job.json", of_file)) load_job(entry.path());
  }
  std::ranges::sort(jobs_, {}, [](const auto& job) {
    return std::pair(job->shown.value("created_at", int64_t{0}), job->shown.value("id", ""));
  });
  for (const auto& job : jobs_) {
    const std::string status = job->shown["status"];
    if (status == "succeeded") publish(job->shown["id"]);
    if (is_over(job->shown)) continue;
    if (status == "running") {
      job->shown["tritium"]["resumed"] = job->shown["tritium"].value("resumed", 0) + 1;
      say(*job, "info", "the server was started again: the job goes on from its last checkpoint");
    }
    waiting_.push_back(job->shown["id"]);
  }
  return Status();
}

void Jobs::load_job(const fs::path& folder) {
  const std::string state = utf8_of(folder / "job.json");
  Outcome<Json> read = read_json_file(state);
  if (!read.ok() || !is_job(*read, utf8_of(folder.filename()))) {
    if (options_.log) options_.log(LogLevel::warning, state + ": is no job of this server, and is left alone");
    return;
  }
  auto job = std::make_unique<Job>();
  job->shown = (*read)["shown"], job->hidden = (*read)["hidden"];
  job->events = read_json_lines(utf8_of(folder / "events.jsonl"));
  std::erase_if(job->events, [](const Json& event) { return !event.contains("id") || !event["id"].is_string(); });
  jobs_.push_back(std::move(job));
}

// A client need not know where things are on this machine.
std::string Jobs::without_folders(std::string text) const {
  for (const std::string& folder : {options_.files, options_.folder}) {
    std::error_code problem;
    for (const fs::path& path : {fs::canonical(path_of(folder), problem), fs::absolute(path_of(folder), problem)})
      replace_all(text, utf8_of(path) + "/", "");
  }
  return text;
}

std::string Jobs::file_of(const Job& job, const char* name) const {
  return utf8_of(path_of(options_.folder) / path_of(job.shown["id"].get<std::string>()) / name);
}

Status Jobs::save(const Job& job) const {
  Status written = write_whole(file_of(job, "job.json"), json_text({{"shown", job.shown}, {"hidden", job.hidden}}));
  if (!written.ok() && options_.log) options_.log(LogLevel::error, "a job is not saved: " + written.message());
  return written;
}

void Jobs::set(Job& job, const char* key, Json value) {
  job.shown[key] = std::move(value);
  static_cast<void>(save(job));
  changed_.notify_all();
}

void Jobs::say(Job& job, const char* level, const std::string& message, Json data) {
  const char* type = data.empty() ? "message" : "metrics";
  // Numbers go on from the last one, though lines before it may be lost.
  const size_t last = job.events.empty() ? SIZE_MAX : event_number(job.events.back().value("id", ""));
  const size_t number = last == SIZE_MAX ? job.events.size() : last + 1;
  Json event = {{"id", "ftevent-" + std::to_string(number)},
                {"object", "fine_tuning.job.event"},
                {"created_at", seconds_since_1970()},
                {"level", level},
                {"type", type},
                {"message", message},
                {"data", std::move(data)}};
  static_cast<void>(append_line(file_of(job, "events.jsonl"), json_text(event)));  // a full disk shows in save()
  job.events.push_back(std::move(event));
  changed_.notify_all();
}

void Jobs::fail(Job& job, const std::string& code, const std::string& message) {
  say(job, "error", message);
  job.shown["error"] = {{"code", code}, {"message", message}, {"param", nullptr}};
  job.shown["finished_at"] = seconds_since_1970();
  set(job, "status", "failed");
}

const Jobs::Job* Jobs::find(const std::string& id) const {
  const auto found = std::ranges::find_if(jobs_, [&](const auto& job) { return job->shown["id"] == id; });
  return found == jobs_.end() ? nullptr : found->get();
}
Jobs::Job* Jobs::find(const std::string& id) { return const_cast<Job*>(std::as_const(*this).find(id)); }

Outcome<Json> Jobs::create(const FineTuningRequest& request, const std::string& model, const std::string& model_path) {
  Outcome<TrainOptions> options = train_options_of(request);
  if (!options.ok()) return options.error();
  const Outcome<std::string> data = file_below(options_.files, request.training_file, "training_file");
  if (!data.ok()) return data.error();
  options->data = {*data};
  if (std::optional<ApiError> error = refused_values(*options)) return *std::move(error);
  if (!request.validation_file.empty()) {
    const Outcome<std::string> valid = file_below(options_.files, request.validation_file, "validation_file");
    if (!valid.ok()) return valid.error();
    options->valid_data = {*valid};
  }
  {
    constexpr size_t kWaiting = 100;
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kWaiting)
      return ApiError{.status = 429,
                      .message = std::to_string(kWaiting) + " jobs wait already: try again when some are done",
                      .type = "rate_limit_error",
                      .code = "queue_full",
                      .retry_after_s = 60};
  }
  auto job = std::make_unique<Job>();
  const std::string id = new_id("ftjob-");
  std::error_code problem;
  const fs::path folder = fs::absolute(path_of(options_.folder) / path_of(id), problem);
  fs::create_directories(folder, problem);
  if (problem) {
    ApiError error = server_error("the job's folder could not be made: " + problem.message());
    error.status = 507, error.code = "not_saved";
    return error;
  }
  options->model = utf8_of(fs::absolute(path_of(model_path), problem));
  options->folder = utf8_of(folder / "run");
  options->output = utf8_of(folder / "result.gguf");
  options->backend = options_.backend;
  options->threads = options_.threads;
  const auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  job->shown = {{"id", id},
                {"object", "fine_tuning.job"},
                {"created_at", seconds_since_1970()},
                {"finished_at", nullptr},
                {"status", "queued"},
                {"model", model},
                {"fine_tuned_model", nullptr},
                {"organization_id", "tritium"},
                {"training_file", request.training_file},
                {"validation_file", or_null(request.validation_file)},
                {"hyperparameters",
                 {{"n_epochs", request.n_epochs},
                  {"batch_size", options->batch},
                  {"learning_rate_multiplier", request.learning_rate_multiplier}}},
                {"trained_tokens", nullptr},
                {"result_files", Json::array()},
                {"seed", options->seed},
                {"error", nullptr},
                {"tritium", {{"options", without_paths(*options)}, {"progress", nullptr}, {"resumed", 0}}}};
  job->hidden = {{"options", *parse_json(train_options_to_json(*options))},
                 {"suffix", request.suffix.empty() ? id : request.suffix}};
  Json shown = job->shown;
  if (std::optional<ApiError> error = add(std::move(job))) {
    fs::remove_all(folder, problem);
    return *std::move(error);
  }
  return shown;
}

std::optional<ApiError> Jobs::add(std::unique_ptr<Job> job) {
  const std::lock_guard lock(mutex_);
  for (const auto& other : jobs_)
    if (!is_over(other->shown) && other->shown["model"] == job->shown["model"] &&
        other->hidden["suffix"] == job->hidden["suffix"]) {
      ApiError error = invalid(
          "suffix", "the job " + other->shown["id"].get<std::string>() + ", which is not over, has this suffix");
      error.status = 409, error.code = "suffix_taken";
      return error;
    }
  if (const Status saved = save(*job); !saved.ok()) {
    ApiError error = server_error("the job could not be saved: is the disk full?");
    error.status = 507, error.code = "not_saved";
    return error;
  }
  say(*job, "info", "the job waits for its turn");
  waiting_.push_back(job->shown["id"]);
  jobs_.push_back(std::move(job));
  changed_.notify_all();
  return std::nullopt;
}

Outcome<Json> Jobs::get(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const Job* job = find(id);
  if (!job) return not_found("not_found", "there is no job \"" + id.substr(0, 100) + "\"");
  return job->shown;
}

Outcome<Json> Jobs::cancel(const std::string& id) {
  const std::lock_guard lock(mutex_);
  Job* job = find(id);
  if (!job) return not_found("not_found", "there is no job \"" + id.substr(0, 100) + "\"");
  if (is_over(job->shown))
    return ApiError{.message = "the job has ended: its status is " + job->shown["status"].get<std::string>()};
  job->cancelled = true;
  if (running_ != id) {
    job->shown["finished_at"] = seconds_since_1970();
    say(*job, "info", "the job was cancelled");
    set(*job, "status", "cancelled");
  }
  return job->shown;
}

Outcome<Json> Jobs::list(size_t limit, const std::string& after) const {
  const std::lock_guard lock(mutex_);
  Json data = Json::array();
  bool begun = after.empty();
  size_t left = 0;
  for (auto job = jobs_.rbegin(); job != jobs_.rend(); ++job) {
    if (begun && data.size() < limit)
      data.push_back((*job)->shown);
    else if (begun)
      ++left;
    begun = begun || (*job)->shown["id"] == after;
  }
  if (!begun) return invalid("after", "there is no job \"" + after.substr(0, 100) + "\"");
  Json answer = list_json(std::move(data));
  answer["has_more"] = left > 0;
  return answer;
}

size_t Jobs::event_number(const std::string& event) {
  constexpr std::string_view kPrefix = "ftevent-";
  size_t number = 0;
  if (!event.starts_with(kPrefix)) return SIZE_MAX;
  const char* end = event.data() + event.size();
  const auto [stop, problem] = std::from_chars(event.data() + kPrefix.size(), end, number);
  return problem == std::errc() && stop == end ? number : SIZE_MAX;
}

Outcome<Json> Jobs::events(const std::string& id, size_t limit, const std::string& after) const {
  const std::lock_guard lock(mutex_);
  const Job* job = find(id);
  if (!job) return not_found("not_found", "there is no job \"" + id.substr(0, 100) + "\"");
  const size_t number = event_number(after);
  if (!after.empty() && number == SIZE_MAX) return invalid("after", "is no event's id");
  size_t at = after.empty() ? job->events.size() : std::min(number, job->events.size());
  Json data = Json::array();
  while (at > 0 && data.size() < limit) data.push_back(job->events[--at]);
  Json answer = list_json(std::move(data));
  answer["has_more"] = at > 0;
  return answer;
}

Outcome<Jobs::Followed> Jobs::follow(const std::string& id, size_t first, std::chrono::milliseconds at_most) const {
  std::unique_lock lock(mutex_);
  const Job* job = find(id);
  if (!job) return not_found("not_found", "there is no job \"" + id.substr(0, 100) + "\"");
  changed_.wait_for(lock, at_most, [&] { return ending_ || job->events.size() > first || is_over(job->shown); });
  Followed followed{.ended = is_over(job->shown)};  // not where the server ends: it goes on
  for (size_t i = first; i < job->events.size(); ++i) followed.events.push_back(job->events[i]);
  return followed;
}

std::string Jobs::running() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

bool Jobs::goes_on(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  return !ending_ && !find(id)->cancelled;
}

void Jobs::run() {
  while (true) {
    std::string id;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
      if (ending_) return;
      id = waiting_.front();
      waiting_.pop_front();
      if (is_over(find(id)->shown)) continue;
      running_ = id;
    }
    work(id);
    const std::lock_guard lock(mutex_);
    running_.clear();
    changed_.notify_all();
  }
}

void Jobs::work(const std::string& id) {
  std::string text;
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    Job& job = *find(id);
    again = job.shown["status"] == "running";
    text = json_text(job.hidden["options"]);
    if (!again) set(job, "status", "validating_files");
  }
  Result<TrainOptions> options = train_options_from_json(text);
  Result<TrainPlan> plan = options.ok() ? plan_training(*options) : Result<TrainPlan>(options.status());
  {
    const std::lock_guard lock(mutex_);
    Job& job = *find(id);
    if (!plan.ok()) return fail(job, "invalid_training_file", without_folders(plan.message()));
    const double epochs = options->epochs;
    job.shown["trained_tokens"] = static_cast<int64_t>(epochs * static_cast<double>(plan->train_tokens));
    say(job, "info",
        "training begins: " + std::to_string(plan->train_tokens) + " tokens, " + std::to_string(plan->steps) +
            " steps, " + std::to_string(plan->memory_bytes >> 20) + " MiB of memory");
    set(job, "status", "running");
  }
  std::error_code problem;
  if (again && fs::exists(path_of(options->folder), problem)) options->resume = "auto";
  train_job(id, *std::move(options));
}

void Jobs::train_job(const std::string& id, TrainOptions options) {
  options.log = options_.log;
  const Result<TrainReport> report = train(options, {.progress =
                                                         [&](const TrainProgress& progress) {
                                                           report_progress(id, progress);
                                                           return goes_on(id);
                                                         },
                                                     .keep_going = [&] { return goes_on(id); }});
  finish(id, report);
}

void Jobs::report_progress(const std::string& id, const TrainProgress& p) {
  const std::lock_guard lock(mutex_);
  Job& job = *find(id);
  std::string line =
      "step " + std::to_string(p.step) + " of " + std::to_string(p.steps) + ": loss " + number_text(p.train_loss);
  if (p.valid_loss) line += ", held-out " + number_text(*p.valid_loss);
  Json progress = progress_json(p);
  job.shown["tritium"]["progress"] = progress;
  // Whatever the options say, a job has not many more events than by default: the next ones are the further apart.
  constexpr size_t kFreely = 200;
  const size_t beyond = std::max(job.events.size(), kFreely) - kFreely;
  const std::chrono::milliseconds apart(50 * static_cast<int64_t>(beyond));
  const auto now = std::chrono::steady_clock::now();
  if (now - job.said_progress < apart) return;
  job.said_progress = now;
  say(job, "info", line, std::move(progress));
}

void Jobs::finish(const std::string& id, const Result<TrainReport>& report) {
  {
    const std::lock_guard lock(mutex_);
    Job& job = *find(id);
    const bool interrupted =
        report.ok() ? report->stop == TrainStop::interrupted : report.code() == StatusCode::cancelled;
    if (interrupted && !job.cancelled) return static_cast<void>(save(job));  // the server ends: it stays running
    if (interrupted) {
      job.shown["finished_at"] = seconds_since_1970();
      say(job, "info", "the job was cancelled");
      return set(job, "status", "cancelled");
    }
    std::error_code problem;
    // Results are put in place whole: where one is there, only what follows it failed, a last checkpoint on a full
    // disk.
    const bool has_result = fs::exists(path_of(file_of(job, "result.gguf")), problem);
    if (!report.ok() && (report.code() != StatusCode::io_error || !has_result))
      return fail(job, "training_failed", without_folders(report.message()));
    if (report.ok())
      say(job, "info",
          "held-out loss " + number_text(report->first_valid_loss) + " before, " + number_text(report->valid_loss) +
              " now");
    else
      say(job, "warn", "the result is whole, but not its last checkpoint: " + without_folders(report.message()));
  }
  publish(id);
  const std::lock_guard lock(mutex_);
  Job& job = *find(id);
  if (job.shown["fine_tuned_model"].is_null())
    return fail(job, "not_served", "the result cannot be served: see the server's log");
  job.shown["finished_at"] = seconds_since_1970();
  say(job, "info", "the result is served as " + job.shown["fine_tuned_model"].get<std::string>());
  set(job, "status", "succeeded");
}

// Without the lock, for loading takes time. At the start nobody else is there.
void Jobs::publish(const std::string& id) {
  std::string model, suffix, file;
  {
    const std::lock_guard lock(mutex_);
    const Job& job = *find(id);
    model = job.shown["model"], suffix = job.hidden["suffix"], file = file_of(job, "result.gguf");
  }
  const Result<std::string> served = options_.publish(model, suffix, file);
  const std::lock_guard lock(mutex_);
  if (served.ok())
    find(id)->shown["fine_tuned_model"] = *served;
  else if (options_.log)
    options_.log(LogLevel::error, "the result of " + id + " is not served: " + served.message());
}

}  // namespace tritium::server
