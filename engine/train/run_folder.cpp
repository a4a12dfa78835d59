#include "train/run_folder.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>
#include <utility>

#include "base/atomic_file.h"
#include "base/folder.h"
#include "base/format_text.h"
#include "base/input_file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/system_error.h"
#include "train/json_text.h"
#include "train/report/training_log.h"

namespace tritium::training {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIdentityFile = "run.json";
constexpr const char* kConfigFile = "config.json";
constexpr const char* kLockFile = "run.lock";
constexpr std::array kLogs = {"log.csv", "log.jsonl", "chart.svg"};
constexpr const char* kApart = ".before";

bool is_run_file(std::string_view name) {
  name = name.substr(0, name.find(kApart));
  return is_checkpoint_name(name) || name == kIdentityFile || name == kConfigFile ||
         std::find(kLogs.begin(), kLogs.end(), name) != kLogs.end();
}

// A log with nothing but its header is no work; one that cannot be read may be.
bool has_rows(const std::string& path) {
  const Result<std::string> text = read_file(path);
  if (!text.ok()) return true;
  std::istringstream lines(*text);
  std::string line;
  while (std::getline(lines, line))
    if (line != csv_header()) return true;
  return false;
}

bool is_log(std::string_view name) { return std::find(kLogs.begin(), kLogs.end(), name) != kLogs.end(); }

// The first name that shows that a run has been here; empty: none. Without run.json every name of ours may be somebody
// else's file.
Result<std::string> work_in(const std::string& folder) {
  const Result<std::vector<std::string>> names = names_in(folder);
  if (!names.ok()) return names.status();
  const bool is_ours = std::find(names->begin(), names->end(), kIdentityFile) != names->end();
  for (const std::string& name : *names) {
    if (!is_run_file(name) || name == kIdentityFile || (is_ours && name == kConfigFile)) continue;
    if (!is_log(name) || has_rows(path_in(folder, name))) return name;
  }
  return std::string();
}

Result<RunIdentity> read_identity(const std::string& path) {
  const Result<std::string> text = read_file(path);
  if (!text.ok()) return text.status();
  Result<nlohmann::json> object = parse_object(path, *text);
  const auto text_at = [&](const char* key) {
    const auto found = object->find(key);
    return found != object->end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  if (!object.ok()) return object.status();
  RunIdentity identity{text_at("run"), text_at("model")};
  if (identity.run.empty() || identity.model.empty())
    return error(StatusCode::corrupt_file, path, ": does not say which run and which model");
  return identity;
}

bool is_in(const std::string& folder, const std::string& path) {
  std::error_code problem;
  fs::path parent = tritium::path_of(path).parent_path();
  if (parent.empty()) parent = ".";
  // Where they cannot be looked at, their names have to do.
  return fs::equivalent(parent, tritium::path_of(folder), problem) ||
         (problem && parent.lexically_normal() == tritium::path_of(folder).lexically_normal());
}

}  // namespace

std::string options_kept_in(const std::string& folder) {
  const Result<std::string> text = read_file(path_in(folder, kConfigFile));
  return text.ok() ? *text : std::string();
}

bool is_run_file_of(const std::string& folder, const std::string& path) {
  return !folder.empty() && is_in(folder, path) && is_run_file(file_name_of(path));
}

std::vector<std::string> run_folders_below(const std::vector<std::string>& paths) {
  std::vector<std::string> folders;
  for (const std::string& path : paths) {
    const Result<std::vector<std::string>> names = names_in(path);
    if (!names.ok()) continue;  // a file: nothing is below it
    const auto holds = [&names](const char* name) { return std::binary_search(names->begin(), names->end(), name); };
    if (holds(kLogs[0]) && holds(kLogs[1])) folders.push_back(path);
    std::vector<std::string> below;
    for (const std::string& name : *names) {
      const std::string inner = path_in(path, name);
      if (is_folder(inner) && !is_link(inner)) below.push_back(inner);
    }
    const std::vector<std::string> found = run_folders_below(below);
    folders.insert(folders.end(), found.begin(), found.end());
  }
  return folders;
}

std::vector<NamedFile> files_written(const TrainOptions& options) {
  std::vector<NamedFile> files = {{"the output", options.output}};
  if (options.folder.empty()) return files;
  std::vector<std::string> names = {kIdentityFile, kConfigFile, kLockFile, kBestCheckpoint};
  names.insert(names.end(), kLogs.begin(), kLogs.end());
  if (const Result<std::vector<std::string>> held = names_in(options.folder); held.ok())
    for (const std::string& name : *held)
      if (is_checkpoint_name(name) && name != kBestCheckpoint) names.push_back(name);
  for (const std::string& name : names) files.push_back({"a file of the run's folder", path_in(options.folder, name)});
  return files;
}

std::string RunFolder::path_of(const std::string& name) const { return path_in(path_, name); }

RunFolder::RunFolder(RunFolder&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::move(other.lock_)),
      made_(std::exchange(other.made_, false)),
      identity_(std::move(other.identity_)),
      damaged_(std::move(other.damaged_)) {}

RunFolder::~RunFolder() {
  lock_ = {};
  if (made_) static_cast<void>(remove_empty_folder(path_));  // refused where there is something in it
}

Status RunFolder::lock(const LogSink& log) {
  const std::string path = path_of(kLockFile);
  const Result<LockFile::Held> held = lock_.take(path);
  if (!held.ok()) return held.status();
  if (*held == LockFile::Held::unknown)
    log_to(log, LogLevel::warning,
           path + ": cannot lock: " + system_message(lock_.problem()) + "; no other run may use the folder");
  if (*held != LockFile::Held::others) return Status();
  return error(StatusCode::io_error, path_,
               ": a run is working in this folder; wait until it has ended, or name another folder (--folder)");
}

Result<RunFolder> RunFolder::take(const TrainOptions& options) {
  RunFolder folder(options.folder);
  if (folder.path_.empty()) return folder;
  std::error_code problem;
  folder.made_ = fs::create_directories(tritium::path_of(folder.path_), problem);
  if (problem) return error(StatusCode::io_error, folder.path_, ": cannot make the folder: ", problem.message());
  if (Status s = folder.lock(options.log); !s.ok()) return s;
  if (options.overwrite || !options.resume.empty()) return folder;
  const Result<std::string> work = work_in(folder.path_);
  if (!work.ok()) return work.status();
  if (!work->empty())
    return error(StatusCode::invalid_argument, folder.path_, ": holds the work of a run (", *work,
                 "): go on with it (--resume auto), name another folder (--folder), or remove it (--overwrite)");
  return folder;
}

Status RunFolder::remove_work() const {
  const Result<std::vector<std::string>> names = names_in(path_);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names)
    if (is_run_file(name))
      if (Status s = remove_file(path_of(name)); !s.ok()) return s;
  return Status();
}

Result<ResumeChoice> RunFolder::choose(const TrainOptions& options, const RunIdentity& wanted) const {
  if (options.resume != "auto") {
    Result<ResumeChoice> choice = named_checkpoint(options.resume, wanted, options.log);
    if (choice.ok() && !path_.empty())
      if (Status s = check_named(*choice); !s.ok()) return s;
    return choice;
  }
  Result<ResumeChoice> choice = checkpoint_to_resume(path_, wanted, options.log);
  if (choice.ok() && !choice->path.empty())
    log_to(options.log, LogLevel::info,
           join("going on after step ", choice->state.step, " from ", choice->path,
                ", the newest whole checkpoint of the run"));
  return choice;
}

// A run that goes on from an earlier point would leave its later checkpoints the newest ones; one that goes on from
// another folder's would mix the two.
Status RunFolder::check_named(const ResumeChoice& choice) const {
  if (!is_in(path_, choice.path)) {
    const Result<std::string> work = work_in(path_);
    return !work.ok() || work->empty() ? work.status()
                                       : error(StatusCode::invalid_argument, path_, ": holds the work of another run (",
                                               *work, ") than ", choice.path, "; name another folder (--folder)");
  }
  for (const std::string& path : list_checkpoints(path_, choice.state.identity.run)) {
    const Result<CheckpointState> other = peek_checkpoint(path);
    if (other.ok() && other->step > choice.state.step)
      return error(StatusCode::invalid_argument, choice.path, ": the run has been at step ", other->step, " since (",
                   path, "): go on from there (--resume auto), or from here in another folder (--folder)");
  }
  return Status();
}

// A log whose steps are lost is kept, under a name that no run reads or writes.
Status RunFolder::keep_log_apart(const LogSink& log) const {
  bool any = false;
  for (const char* name : kLogs) any = any || (is_there(path_of(name)) && has_rows(path_of(name)));
  std::string apart = kApart;
  for (int i = 2; is_there(path_of(kLogs[0] + apart)); ++i) apart = join(kApart, i);
  for (const char* name : kLogs) {
    const std::string path = path_of(name);
    if (!any || !is_there(path)) continue;
    if (Status s = rename_file(path, path + apart); !s.ok()) return s;
  }
  log_to(log, any ? LogLevel::warning : LogLevel::info,
         join(path_, ": nothing to resume, the run begins anew",
              any ? join("; the log of the earlier one, which left no checkpoint, is kept as ", kLogs[0], apart) : ""));
  return Status();
}

Status RunFolder::describe(const TrainOptions& options) const {
  if (path_.empty()) return Status();
  const nlohmann::json identity = {{"run", identity_.run}, {"model", identity_.model}};
  if (Status s = write_file(path_of(kIdentityFile), identity.dump() + "\n"); !s.ok()) return s;
  TrainOptions kept = options;
  kept.overwrite = false;  // asked for once
  return write_file(path_of(kConfigFile), train_options_to_json(kept) + "\n");
}

// What run.json says, as far as it can be read.
Result<RunIdentity> RunFolder::find_wanted(const std::string& model, const LogSink& log) const {
  const std::string path = path_of(kIdentityFile);
  const RunIdentity unknown = {.run = {}, .model = model};
  if (!is_there(path)) return unknown;
  Result<RunIdentity> held = read_identity(path);
  if (!held.ok()) {
    log_to(log, LogLevel::warning, held.message() + "; its checkpoints are asked instead");
    return unknown;
  }
  if (held->model == model) return held;
  const Result<std::string> work = work_in(path_);
  if (!work.ok()) return work.status();
  if (work->empty()) return unknown;
  return error(StatusCode::invalid_argument, path_, ": holds the run of another model (it began from weights ",
               held->model, ", this one begins from ", model,
               "); name the model that it trains, or another folder (--folder)");
}

Result<ResumeChoice> RunFolder::begin(const TrainOptions& options, const std::string& model) {
  identity_ = {new_run_name(), model};
  if (path_.empty()) return options.resume.empty() ? ResumeChoice() : choose(options, {.model = model});
  remove_abandoned(path_, is_run_file);
  if (options.overwrite)
    if (Status s = remove_work(); !s.ok()) return s;
  RunIdentity wanted = {.run = {}, .model = model};
  if (options.resume == "auto" || (!options.resume.empty() && is_in(path_, options.resume))) {
    const Result<RunIdentity> held = find_wanted(model, options.log);
    if (!held.ok()) return held.status();
    wanted = *held;
  }
  Result<ResumeChoice> choice = options.resume.empty() ? ResumeChoice() : choose(options, wanted);
  if (!choice.ok()) return choice;
  const bool goes_on = !choice->path.empty() && (options.resume == "auto" || is_in(path_, choice->path));
  if (goes_on && !choice->state.identity.run.empty())
    identity_.run = choice->state.identity.run;
  else if (goes_on && !wanted.run.empty())
    identity_.run = wanted.run;
  if (options.resume == "auto" && !goes_on)
    if (Status s = keep_log_apart(options.log); !s.ok()) return s;
  damaged_ = choice->passed_over;
  return choice;
}

void RunFolder::saved(const std::string& name, int64_t keep) {
  damaged_.erase(name);
  std::vector<std::string> paths = list_checkpoints(path_, identity_.run);
  std::erase_if(paths, [this](const std::string& path) { return damaged_.contains(file_name_of(path)); });
  for (size_t i = static_cast<size_t>(std::max<int64_t>(keep, 1)); i < paths.size(); ++i)
    static_cast<void>(remove_file(paths[i]));  // one that cannot be removed does no harm
}

}  // namespace tritium::training
