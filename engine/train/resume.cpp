#include "train/resume.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/folder.h"
#include "base/format_text.h"
#include "base/log.h"
#include "base/path.h"

namespace tritium::training {
namespace {

namespace fs = std::filesystem;

struct Found {
  CheckpointState state;
  std::string path;

  std::string name() const { return file_name_of(path); }
  bool operator>(const Found& other) const {
    return std::tie(state.step, path) > std::tie(other.state.step, other.path);
  }
};

Status belongs_to(const Found& found, const RunIdentity& wanted) {
  const RunIdentity& its = found.state.identity;
  const auto is_another = [](const std::string& a, const std::string& b) { return !a.empty() && !b.empty() && a != b; };
  if (is_another(its.model, wanted.model))
    return error(StatusCode::invalid_argument, found.path,
                 ": a checkpoint of another model: its run began from weights ", its.model, ", this one begins from ",
                 wanted.model);
  if (is_another(its.run, wanted.run))
    return error(StatusCode::invalid_argument, found.path, ": a checkpoint of another run (", its.run, ", this is ",
                 wanted.run, ")");
  return Status();
}

void warn_of_age(const Found& found, const LogSink& log) {
  if (found.state.identity.model.empty())
    log_to(log, LogLevel::warning,
           found.path +
               ": written by an earlier version: it has no checksum and does not name its model, so that neither can "
               "be checked");
}

// The checkpoints whose header can be read; `refuse` gets the others.
template <typename Refuse>
Result<std::vector<Found>> checkpoints_of(const std::string& folder, const Refuse& refuse) {
  std::vector<Found> all;
  const Result<std::vector<std::string>> names = names_in(folder);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (!is_checkpoint_name(name)) continue;
    Found found{{}, path_in(folder, name)};
    const Result<CheckpointState> state = peek_checkpoint(found.path);
    if (state.ok()) {
      found.state = *state;
      all.push_back(std::move(found));
    } else {
      refuse(found, state.status());
    }
  }
  std::sort(all.begin(), all.end(), std::greater<>());
  return all;
}

}  // namespace

Result<ResumeChoice> checkpoint_to_resume(const std::string& folder, const RunIdentity& wanted, const LogSink& log) {
  ResumeChoice choice;
  Status why, unread;
  const auto pass_over = [&](const Found& found, const Status& reason) {
    const StatusCode code = reason.code();
    // Not damaged, but it cannot be read here or now: nothing older takes its place.
    if (code != StatusCode::corrupt_file && code != StatusCode::invalid_argument && code != StatusCode::not_found) {
      unread = reason;
      return;
    }
    choice.passed_over.insert(found.name());
    why = reason;
    log_to(log, LogLevel::warning, "passed over: " + reason.message());
  };
  const Result<std::vector<Found>> all = checkpoints_of(folder, pass_over);
  if (!all.ok()) return all.status();
  if (!unread.ok()) return unread;
  for (const Found& found : *all) {
    Status usable = belongs_to(found, wanted);
    if (usable.ok() && choice.path.empty()) usable = verify_checkpoint(found.path).status();
    if (!usable.ok()) {
      pass_over(found, usable);
      if (!unread.ok()) return unread;
    } else if (choice.path.empty()) {
      choice.path = found.path;
      choice.state = found.state;
      warn_of_age(found, log);
    }
  }
  if (choice.path.empty() && !why.ok())
    return error(why.code(), folder, ": none of its checkpoints ",
                 why.code() == StatusCode::invalid_argument ? "is of this run (" : "can be read (", why.message(),
                 "); to begin anew name another folder, or remove what is in this one (--overwrite)");
  return choice;
}

Result<ResumeChoice> named_checkpoint(const std::string& path, const RunIdentity& wanted, const LogSink& log) {
  const Result<CheckpointState> state = verify_checkpoint(path);
  if (!state.ok()) return state.status();
  const Found found{*state, path};
  if (Status s = belongs_to(found, wanted); !s.ok()) return s;
  warn_of_age(found, log);
  return ResumeChoice{path, *state, {}};
}

std::vector<std::string> list_checkpoints(const std::string& folder, const std::string& run) {
  std::vector<std::string> paths;
  const Result<std::vector<Found>> all = checkpoints_of(folder, [](const Found&, const Status&) {});
  if (!all.ok()) return paths;
  for (const Found& found : *all)
    if (found.name() != kBestCheckpoint && belongs_to(found, {.run = run}).ok()) paths.push_back(found.path);
  return paths;
}

std::string changed_options(const std::string& before, const std::string& now) {
  // How long, how often, where and with what: none of these changes what a step does. The model is known by its
  // weights.
  static const std::set<std::string> kFree = {"model",     "steps",      "epochs",       "minutes",   "eval_every",
                                              "log_every", "save_every", "save_minutes", "keep_last", "early_stop",
                                              "folder",    "resume",     "overwrite",    "output",    "export_type",
                                              "profile",   "threads",    "fit"};
  const auto old_options = nlohmann::json::parse(before, nullptr, false),
             new_options = nlohmann::json::parse(now, nullptr, false);
  std::string keys;
  if (!old_options.is_object() || !new_options.is_object()) return keys;
  for (const auto& item : new_options.items()) {
    const auto old = old_options.find(item.key());
    if (!kFree.contains(item.key()) && old != old_options.end() && *old != item.value())
      keys += join(keys.empty() ? "" : ", ", item.key());
  }
  return keys;
}

}  // namespace tritium::training
