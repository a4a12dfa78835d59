// Jobs: fine-tuning in this process, one job at a time. Each has a folder, so that a job that was running when the
// process ended, however it ended, goes on from its last checkpoint.
// May be used from any number of threads at once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "server/folder_lock.h"
#include "server/openai/json.h"
#include "server/openai/requests.h"
#include "tritium/training.hpp"

namespace tritium::server {

struct JobsOptions {
  std::string folder;  // of the jobs
  std::string files;   // whose files they may read
  std::string backend = "cpu";
  int threads = 0;
  // The id under which a result is served from now on: an adapter of the model, or a model of its own.
  std::function<Result<std::string>(const std::string& model, const std::string& suffix, const std::string& path)>
      publish;
  LogSink log{};
};

class Jobs {
 public:
  // Reads what is in the folder; what was running or waiting is done before anything new.
  static Result<std::unique_ptr<Jobs>> start(JobsOptions options);
  // A job that runs leaves a checkpoint, and goes on with the next start.
  ~Jobs();
  // The same, without waiting for it.
  void stop();
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  // `model_path`: of the request's model. The job.
  Outcome<Json> create(const FineTuningRequest& request, const std::string& model, const std::string& model_path);
  Outcome<Json> get(const std::string& id) const;
  Outcome<Json> cancel(const std::string& id);
  // The latest first; `after`: those before it.
  Outcome<Json> list(size_t limit, const std::string& after) const;
  Outcome<Json> events(const std::string& id, size_t limit, const std::string& after) const;

  struct Followed {
    std::vector<Json> events;
    bool ended = false;  // there will be no more
  };
  // Events from the `first` on; waits for at most so long where there are none yet.
  Outcome<Followed> follow(const std::string& id, size_t first, std::chrono::milliseconds at_most) const;

  std::string running() const;  // its id; empty: none
  const std::string& files() const { return options_.files; }
  static size_t event_number(const std::string& event);  // of "ftevent-12"; SIZE_MAX: none

 private:
  struct Job {
    Json shown;   // as OpenAI has it
    Json hidden;  // what only this server needs: options with their paths, suffix
    std::vector<Json> events;
    bool cancelled = false;
    std::chrono::steady_clock::time_point said_progress{};
  };

  explicit Jobs(JobsOptions options) : options_(std::move(options)) {}
  Status load();
  void run();
  void work(const std::string& id);
  void train_job(const std::string& id, TrainOptions options);
  void finish(const std::string& id, const Result<TrainReport>& report);
  void load_job(const std::filesystem::path& folder);
  std::optional<ApiError> add(std::unique_ptr<Job> job);
  void publish(const std::string& id);
  bool goes_on(const std::string& id) const;
  void report_progress(const std::string& id, const TrainProgress& progress);
  // The lock is held by these.
  void set(Job& job, const char* key, Json value);
  void fail(Job& job, const std::string& code, const std::string& message);
  void say(Job& job, const char* level, const std::string& message, Json data = Json::object());
  Status save(const Job& job) const;  // logged, where it fails
  const Job* find(const std::string& id) const;
  Job* find(const std::string& id);
  std::string without_folders(std::string text) const;
  std::string file_of(const Job& job, const char* name) const;

  const JobsOptions options_;
  std::optional<FolderLock> lock_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<std::unique_ptr<Job>> jobs_;  // as they were made
  std::deque<std::string> waiting_;
  std::string running_;
  bool ending_ = false;
  std::thread thread_;
};

// job_options.cpp: the options of a request; 400 where they are none, or name files.
Outcome<TrainOptions> train_options_of(const FineTuningRequest& request);
// What no training takes, before any file is read.
std::optional<ApiError> refused_values(const TrainOptions& options);
Json progress_json(const TrainProgress& progress);

}  // namespace tritium::server
