// `tritium experiment study`: a grid of runs with paired seeds, its rows, its table and its picture.
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/experiments.h"
#include "cli/print_json.h"
#include "cli/printable.h"
#include "cli/terminal.h"
#include "tritium/experiment.hpp"

namespace tritium::cli {
namespace {

using nlohmann::json;

struct Options {
  StudyOptions study;
  bool json = false;
};

json json_of(const Interval& i) {
  return {{"mean", i.mean}, {"half_width", i.n > 1 ? json(i.half_width) : json()}, {"n", i.n}};
}

json to_json(const StudyReport& r) {
  json arms = json::array();
  for (const StudyArm& arm : r.arms) {
    json figures = json::object();
    for (const StudyFigure& f : arm.figures) {
      figures[f.name] = json_of(f.value);
      if (f.difference) figures[f.name]["difference"] = json_of(*f.difference);
    }
    arms.push_back({{"name", arm.name}, {"what", arm.what}, {"against", arm.against}, {"figures", figures}});
  }
  return {{"study", r.study}, {"question", r.question}, {"main_figure", r.main_figure},
          {"arms", arms},     {"runs", r.runs},         {"runs_before", r.runs_before},
          {"rows", r.rows},   {"chart", r.chart}};
}

std::string text_of(const Interval& i) {
  char text[64];
  if (i.n > 1) {
    std::snprintf(text, sizeof text, "%.4f +- %.4f", i.mean, i.half_width);
  } else {
    std::snprintf(text, sizeof text, "%.4f", i.mean);
  }
  return text;
}

const StudyFigure* figure_of(const StudyArm& arm, const std::string& name) {
  for (const StudyFigure& f : arm.figures)
    if (f.name == name) return &f;
  return nullptr;
}

void show(const StudyReport& r) {
  print_format("%s: %s\n%lld runs; mean and half width of the 95 %% interval, differences by pairs of seeds\n\n",
               r.study.c_str(), r.question.c_str(), static_cast<long long>(r.runs));
  print_format("%-24s %-22s %-26s %s\n", "", r.main_figure.c_str(), "difference from", "seeds");
  for (const StudyArm& arm : r.arms) {
    const StudyFigure* main = figure_of(arm, r.main_figure);
    if (!main) continue;
    const std::string difference = main->difference ? text_of(*main->difference) + " " + arm.against : std::string("-");
    print_format("%-24s %-22s %-42s %lld  %s\n", arm.name.c_str(), text_of(main->value).c_str(), difference.c_str(),
                 static_cast<long long>(main->value.n), arm.what.c_str());
  }
  print_format("\nrows: %s\nchart: %s\n", printable(r.rows).c_str(), printable(r.chart).c_str());
}

int run(Options o) {
  catch_interrupt();
  o.study.keep_going = keep_going;
  o.study.log = log_sink(false);
  o.study.progress = [](const std::string& what, int64_t run, int64_t runs) {
    std::fprintf(stderr, "run %lld of %lld: %s\n", static_cast<long long>(run), static_cast<long long>(runs),
                 what.c_str());
    return !interrupted();
  };
  const Result<StudyReport> result = study(o.study);
  if (result.code() == StatusCode::cancelled) std::fprintf(stderr, "the rows so far are kept: --resume goes on\n");
  if (!result.ok()) return report(result.status());
  if (o.json) {
    print_json(to_json(*result));
  } else {
    show(*result);
  }
  return kOk;
}

std::string list_of_studies() {
  std::string text;
  for (const StudyName& s : studies()) text += "  " + s.name + std::string(18 - s.name.size(), ' ') + s.question + "\n";
  return text;
}

}  // namespace

void add_study(CLI::App& experiment, Action& action) {
  CLI::App* command = experiment.add_subcommand("study", "a grid of runs with paired seeds, that can be resumed");
  auto options = std::make_shared<Options>();
  StudyOptions& s = options->study;
  command->add_option("NAME", s.study, "which, see below")->required();
  command->add_option("--data", s.data, "texts to learn")->required();
  command->add_option("--valid", s.valid_data, "held-out texts; without them the end of the data");
  command->add_option("--source", s.source, "texts that a model knows before (quality-ceiling)");
  command->add_option("-o,--output", s.folder, "folder for NAME.jsonl, NAME.svg and what runs need")->required();
  command->add_flag("--smoke", s.smoke, "tiny models and a few steps: under a minute");
  command->add_flag("--resume", s.resume, "go on with the rows that are there");
  command->add_option("--seeds", s.seeds, "0: 5, with --smoke 2")->capture_default_str();
  command->add_option("--steps", s.steps, "of each run; 0: the study's own")->capture_default_str();
  command->add_option("--minutes", s.minutes, "of each run, in place of steps")->capture_default_str();
  command->add_option("--arm", s.arms, "these alone; again for more");
  command->add_option("--scale", s.scale, "of parameter-golf")->capture_default_str();
  command->add_option("--threads", s.threads, "0: all")->capture_default_str();
  command->add_flag("--json", options->json, "the table as JSON");
  command->footer(
      "Studies:\n" + list_of_studies() +
      "Rows are added one a run, and are on the disk before the next begins: a study that was killed goes on\n"
      "with --resume and gives the same table.\n"
      "Example:\n"
      "  tritium experiment study three-way --data book.txt -o runs --seeds 5");
  command->callback([=, &action] { action = [options] { return run(*options); }; });
}

}  // namespace tritium::cli
