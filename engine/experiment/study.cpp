// A study: all arms of the first seed, then all of the second, …; a row in the file after each run, and in the end the
// table of all rows.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include "base/atomic_file.h"
#include "base/cancel.h"
#include "base/caught.h"
#include "base/checksum.h"
#include "base/format_text.h"
#include "base/machine.h"
#include "experiment/run_arm.h"
#include "experiment/summary.h"
#include "experiment/texts.h"

namespace tritium::experiment {
namespace {

constexpr int64_t kValidBytes = 128 << 10, kSmokeValidBytes = 4 << 10;

std::string machine() {
  const std::string name = processor_name();
  return join(name.empty() ? "unknown processor" : name, ", ", std::thread::hardware_concurrency(), " processors");
}

template <typename List, typename Name>
std::string names_of(const List& list, const Name& name) {
  std::string names;
  for (const auto& one : list) names += join(names.empty() ? "" : ", ", name(one));
  return names;
}

Result<const Study*> find_study(const std::string& name) {
  const auto& all = study_list();
  const auto found = std::ranges::find(all, name, [](const Study& s) { return std::string(s.name); });
  if (found != all.end()) return &*found;
  return error(StatusCode::not_found, "there is no study \"", name, "\"; there are ",
               names_of(all, [](const Study& s) { return s.name; }));
}

Result<std::vector<Arm>> chosen_arms(const Study& study, const StudyOptions& o) {
  const std::vector<Arm> all = study.arms(o.smoke);
  if (o.arms.empty()) return all;
  std::vector<Arm> chosen;
  for (const std::string& name : o.arms) {
    const auto found = std::ranges::find(all, name, &Arm::name);
    if (found == all.end())
      return error(StatusCode::invalid_argument, study.name, " has no arm \"", name, "\"; it has ",
                   names_of(all, [](const Arm& a) { return a.name; }));
    if (std::ranges::find(chosen, name, &Arm::name) != chosen.end())
      return error(StatusCode::invalid_argument, "the arm \"", name, "\" is named twice");
    chosen.push_back(*found);
  }
  return chosen;
}

Status check_options(const Study& study, const StudyOptions& o) {
  const auto refuse = [](const auto&... parts) { return error(StatusCode::invalid_argument, parts...); };
  if (o.seeds < 0 || o.seeds > 1000)
    return refuse("seeds are ", o.seeds, ", must be 1 to 1000, or 0 for the usual ones");
  if (o.steps < 0) return refuse("steps are ", o.steps, ", must be at least 0");
  if (!(o.minutes >= 0 && std::isfinite(o.minutes))) return refuse("minutes are ", o.minutes, ", must be at least 0");
  if (o.steps > 0 && o.minutes > 0) return refuse("a run ends by steps or by minutes; say one of the two");
  if (study.kind == RunKind::golf && !(o.scale > 0 && o.scale <= 1))
    return refuse("the scale is ", o.scale, ", must be above 0 and at most 1");
  if (study.kind != RunKind::golf && o.scale != StudyOptions().scale)
    return refuse(study.name, " has sizes of its own; --scale is of parameter-golf");
  if (o.data.empty()) return refuse("there is no text to learn; --data names files");
  if (study.kind == RunKind::adapt && o.source.empty())
    return refuse(study.name, " needs a text that the model knows before; --source names files");
  if (study.kind != RunKind::adapt && !o.source.empty())
    return refuse(study.name, " has one text alone; --source is for studies of a change of texts");
  if (o.folder.empty()) return refuse("a study keeps its rows; -o names a folder for them");
  return Status();
}

Result<StudyTexts> write_texts(const StudyOptions& o, const WorkFolder& folder) {
  const int64_t valid_bytes = o.smoke ? kSmokeValidBytes : kValidBytes;
  Checksum sum;
  StudyTexts files;
  const auto write = [&](const std::vector<std::string>& data, const std::vector<std::string>& valid,
                         const std::string& name, std::string& train_file, std::string& valid_file) -> Status {
    const Result<Texts> texts = read_texts(data, valid, valid_bytes);
    if (!texts.ok()) return texts.status();
    sum.add(texts->train);
    sum.add(texts->valid);
    train_file = folder.work_file(name + "train.txt"), valid_file = folder.work_file(name + "valid.txt");
    if (Status s = write_file(train_file, texts->train); !s.ok()) return s;
    return write_file(valid_file, texts->valid);
  };
  if (Status s = write(o.data, o.valid_data, "", files.train, files.valid); !s.ok()) return s;
  if (!o.source.empty())
    if (Status s = write(o.source, {}, "source-", files.source_train, files.source_valid); !s.ok()) return s;
  files.checksum = sum.value();
  return files;
}

Result<StudyReport> run_study(const StudyOptions& o) {
  const Result<const Study*> found = find_study(o.study);
  if (!found.ok()) return found.status();
  const Study& study = **found;
  if (Status s = check_options(study, o); !s.ok()) return s;
  const Result<std::vector<Arm>> arms = chosen_arms(study, o);
  if (!arms.ok()) return arms.status();
  const Result<WorkFolder> folder = WorkFolder::take(o.folder, study.name);
  if (!folder.ok()) return folder.status();
  StudyReport report = {.study = study.name, .question = study.question, .main_figure = study.main_figure};
  report.rows = folder->file(join(study.name, ".jsonl"));
  report.chart = folder->file(join(study.name, ".svg"));
  Result<RowFile> rows = RowFile::open(report.rows, o.resume);
  if (!rows.ok()) return rows.status();
  Result<StudyTexts> texts = write_texts(o, *folder);
  if (!texts.ok()) return texts.status();
  const ArmRunner runner(study, o, *folder, *std::move(texts));

  const int64_t seeds = o.seeds > 0 ? o.seeds : o.smoke ? 2 : 5;
  report.runs = seeds * std::ssize(*arms);
  std::vector<Row> own;  // of this study as it was asked for
  for (int64_t run = 0; run < report.runs; ++run) {
    const auto seed = static_cast<uint32_t>(run / std::ssize(*arms));
    const Arm& arm = (*arms)[static_cast<size_t>(run % std::ssize(*arms))];
    const Result<std::string> settings = runner.settings(arm);
    if (!settings.ok()) return settings.status();
    const std::string identity = runner.identity(arm, *settings);
    const auto known =
        std::ranges::find_if(rows->rows(), [&](const Row& r) { return r.is_run(arm.name, seed, identity); });
    if (known != rows->rows().end()) {
      own.push_back(*known);
      ++report.runs_before;
      continue;
    }
    check_cancelled();
    if (o.progress && !o.progress(join(arm.name, ", seed ", seed), run + 1, report.runs))
      return cancelled_status("the study");
    const auto begun = std::chrono::steady_clock::now();
    Result<Figures> figures = runner.run(arm, seed);
    if (!figures.ok()) return figures.status().within(join("arm ", arm.name, ", seed ", seed));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    own.push_back({.study = study.name,
                   .arm = arm.name,
                   .seed = seed,
                   .identity = identity,
                   .figures = *std::move(figures),
                   .machine = machine(),
                   .settings = *settings,
                   .threads = o.threads > 0 ? o.threads : static_cast<int>(std::thread::hardware_concurrency()),
                   .seconds = took.count()});
    if (Status s = rows->append(own.back()); !s.ok()) return s;
  }
  report.arms = summary_of(*arms, own, study.main_figure);
  if (Status s = write_file(report.chart, chart_of(report)); !s.ok()) return s;
  return report;
}

}  // namespace
}  // namespace tritium::experiment

namespace tritium {

Result<StudyReport> study(const StudyOptions& options) try {
  const CancelScope scope(options.keep_going);
  return experiment::run_study(options);
} catch (...) {
  return caught();
}

}  // namespace tritium
