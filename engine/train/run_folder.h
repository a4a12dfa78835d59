// The folder of a run: one run's work, and one process at a time.
//
//   run.json   whose folder it is: {"run", "model"}      config.json      the options
//   run.lock   locked while the run lives                 step-*.ckpt, best.ckpt
//   log.csv, log.jsonl, chart.svg                         *.before: of a log without a checkpoint to go on from
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/lock_file.h"
#include "base/same_file.h"
#include "train/resume.h"

namespace tritium::training {

class RunFolder {
 public:
  // Makes and locks the folder. Refused: a folder in which another run is working, and, unless the run is resumed or
  // overwrites it, one that holds the work of another; the message says what would do.
  static Result<RunFolder> take(const TrainOptions& options);

  RunFolder(RunFolder&& other) noexcept;
  RunFolder& operator=(RunFolder&&) = delete;
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;
  // Gives the lock back; a folder that was made and never written to goes.
  ~RunFolder();

  // Removes what the folder holds or finds in it the checkpoint to go on from, as the options say; says which and why.
  Result<ResumeChoice> begin(const TrainOptions& options, const std::string& model);
  // Writes whose folder it is from now on, and the options.
  Status describe(const TrainOptions& options) const;

  const RunIdentity& identity() const { return identity_; }
  std::string path_of(const std::string& name) const;
  // After a checkpoint of that name was written: removes all of this run's but the newest `keep` and the best. What was
  // found damaged is none of them.
  void saved(const std::string& name, int64_t keep);

 private:
  explicit RunFolder(std::string path) : path_(std::move(path)) {}

  Status lock(const LogSink& log);
  Result<RunIdentity> find_wanted(const std::string& model, const LogSink& log) const;
  Result<ResumeChoice> choose(const TrainOptions& options, const RunIdentity& wanted) const;
  Status check_named(const ResumeChoice& choice) const;
  Status keep_log_apart(const LogSink& log) const;
  Status remove_work() const;

  std::string path_;  // empty: the run has no folder
  LockFile lock_;
  bool made_ = false;
  RunIdentity identity_;
  std::set<std::string> damaged_;
};

// Folders at and below these in which runs left their logs: what they hold of text is learned, the logs are not.
std::vector<std::string> run_folders_below(const std::vector<std::string>& paths);

// The options that a folder's run wrote there, as JSON; empty: none can be read.
std::string options_kept_in(const std::string& folder);

// Whether it is, or would be, a file that runs keep in their folder.
bool is_run_file_of(const std::string& folder, const std::string& path);

// What a run writes, for check_outputs(): the output, and in the folder what it has there or would have.
std::vector<NamedFile> files_written(const TrainOptions& options);

}  // namespace tritium::training
