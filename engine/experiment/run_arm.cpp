#include "experiment/run_arm.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <numbers>
#include <sstream>

#include "base/cancel.h"
#include "base/checksum.h"
#include "base/format_text.h"
#include "base/path.h"
#include "experiment/golf_shape.h"
#include "experiment/windows.h"
#include "tritium/artifact.hpp"
#include "tritium/runtime.hpp"
#include "tritium/text_file.hpp"

namespace tritium::experiment {
namespace {

// The members of options as JSON, a text each: those begin a line, two blanks before their name.
std::vector<std::string> members_of(const TrainOptions& t) {
  std::istringstream text(train_options_to_json(t));
  std::vector<std::string> members;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("  \"")) members.emplace_back();
    if (line != "{" && line != "}" && !members.empty()) members.back() += line;
  }
  for (std::string& m : members)
    if (m.ends_with(',')) m.pop_back();
  return members;
}

// What is not as usual, so that a row stays that of its run when options are added; without what is the machine's, the
// folder's or the seed's.
std::string said(TrainOptions t) {
  t.data = t.valid_data = {};
  t.model = t.output = t.tokenizer = t.folder = "";
  t.seed = 0;
  t.threads = 0;
  const std::vector<std::string> usual = members_of({});
  std::string json;
  for (const std::string& member : members_of(t))
    if (std::ranges::find(usual, member) == usual.end()) json += join(json.empty() ? "{" : ",", member);
  return json.empty() ? "{}" : json + "}";
}

Result<TrainReport> train_whole(const TrainOptions& t) {
  Result<TrainReport> report = train(t, {.keep_going = [] { return !cancelled(); }});
  if (report.ok() && report->stop == TrainStop::interrupted) return cancelled_status("the study");
  return report;
}

void add_training(const TrainReport& r, const TrainPlan& plan, Figures& f) {
  f.emplace_back("valid_bpb", r.bits_per_byte);
  f.emplace_back("valid_nats", r.valid_loss);
  f.emplace_back("train_nats", r.train_loss.value_or(NAN));
  f.emplace_back("parameters", static_cast<double>(plan.parameters));
  f.emplace_back("active_parameters", static_cast<double>(plan.active_parameters));
  f.emplace_back("training_bytes_per_weight", plan.bytes_per_weight);
  f.emplace_back("training_memory_bytes", static_cast<double>(plan.memory_bytes));
  f.emplace_back("steps", static_cast<double>(r.step));
  f.emplace_back("training_tokens_per_second", r.tokens_per_second);
}

// Of golf: those that are looked at in the weights of a run, without another training.
std::vector<std::string> mismatches_of_one_run(const std::string& preset) {
  const bool trits = preset.starts_with("ternary");
  std::vector<std::string> names;
  for (const ExportFault& f : golf_mismatches())
    if (!f.apart && (trits || f.name != "requantise-twice")) names.push_back(f.name);
  return names;
}

Result<Model> load(const std::string& path, const std::string& adapter, int threads) {
  const Result<Runtime> runtime = Runtime::create({.backend = "cpu", .threads = threads});
  if (!runtime.ok()) return runtime.status();
  return runtime->load(path, {.adapter = adapter, .keep_going = [] { return !cancelled(); }});
}

// Tokens a second of a text that is read a token at a time, as when one is written.
Result<double> decoding_speed(const Model& model, int64_t tokens) {
  Result<Session> session = model.create_session({.context = tokens + 8});
  if (!session.ok()) return session.status();
  const auto step = [&](int64_t i) {
    const auto token = static_cast<int32_t>(3 + i * 7 % std::min<int64_t>(200, model.info().vocab_size - 4));
    return session->evaluate(std::span(&token, 1), [] { return !cancelled(); }).status();
  };
  for (int64_t i = 0; i < 8; ++i)
    if (Status s = step(i); !s.ok()) return s;
  const auto begun = std::chrono::steady_clock::now();
  for (int64_t i = 8; i < tokens; ++i)
    if (Status s = step(i); !s.ok()) return s;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  return static_cast<double>(tokens - 8) / took.count();
}

Result<double> bits_per_byte_of(const Model& model, const std::string& text_file, int64_t inputs) {
  const Result<std::string> text = read_text(text_file);
  if (!text.ok()) return text.status();
  const Result<std::vector<int32_t>> tokens = model.tokenize(*text);
  if (!tokens.ok()) return tokens.status();
  const Result<Score> scored = score(model, *tokens, separate_windows(std::ssize(*tokens), inputs), {});
  if (!scored.ok()) return scored.status();
  return scored->nats / std::numbers::ln2 / static_cast<double>(text->size());
}

}  // namespace

Result<TrainOptions> ArmRunner::options_of(const Arm& arm) const {
  TrainOptions base = settings_of(study_, options_.smoke);
  if (options_.steps > 0) base.steps = options_.steps;
  if (options_.minutes > 0) base.steps = 0, base.minutes = options_.minutes;
  Result<TrainOptions> t = train_options_from_json(arm.settings.empty() ? "{}" : arm.settings, base);
  if (!t.ok()) return t.status().within(join("arm ", arm.name));
  t->transformer = arm.transformer;
  // The held-out text is looked at when the run is over.
  t->eval_every = t->steps > 0 ? t->steps : 1 << 20;
  return t;
}

Result<TrainOptions> ArmRunner::options_of(const Arm& arm, uint32_t seed) const {
  Result<TrainOptions> t = options_of(arm);
  if (!t.ok()) return t;
  t->data = {texts_.train};
  t->valid_data = {texts_.valid};
  t->seed = seed;
  t->threads = options_.threads;
  t->log = options_.log;
  return t;
}

TrainOptions ArmRunner::source_options(uint32_t seed) const {
  TrainOptions t = settings_of(study_, options_.smoke);
  t.transformer = source_model(options_.smoke);
  t.steps = options_.smoke ? 6 : 4 * (options_.steps > 0 ? options_.steps : study_.steps);
  t.learning_rate = 3e-3;
  t.eval_every = t.steps;
  t.seed = seed;
  return t;
}

GolfOptions ArmRunner::golf_options(const Arm& arm, uint32_t seed) const {
  return {.preset = arm.preset,
          .data = {texts_.train},
          .valid_data = {texts_.valid},
          .scale = options_.scale,
          .smoke = options_.smoke,
          .steps = options_.steps,
          .minutes = options_.minutes,
          .seed = seed,
          .threads = options_.threads,
          .mismatches = options_.smoke ? std::vector<std::string>() : mismatches_of_one_run(arm.preset),
          .log = options_.log,
          .keep_going = [] { return !cancelled(); }};
}

Result<std::string> ArmRunner::settings(const Arm& arm) const {
  if (study_.kind == RunKind::golf) {
    const Result<GolfPlan> plan = plan_of(golf_options(arm, 0));
    if (!plan.ok()) return plan.status();
    TrainOptions t = plan->training;
    t.transformer = plan->transformer;
    t.steps = options_.steps, t.minutes = options_.minutes;
    return join("{\"preset\": \"", arm.preset, "\", \"scale\": ", options_.scale,
                ", \"smoke\": ", options_.smoke ? "true" : "false", ", \"own\": ", said(t), "}");
  }
  const Result<TrainOptions> t = options_of(arm);
  if (!t.ok()) return t.status();
  if (study_.kind != RunKind::adapt) return said(*t);
  return join("{\"source\": ", said(source_options(0)), ", \"own\": ", said(*t), "}");
}

std::string ArmRunner::identity(const Arm& arm, const std::string& settings) const {
  Checksum sum;
  sum.add(join(study_.name, "\n", arm.name, "\n", settings, "\n", texts_.checksum));
  return sum.text();
}

Result<Figures> ArmRunner::run(const Arm& arm, uint32_t seed) const {
  switch (study_.kind) {
    case RunKind::train: return train_arm(arm, seed, false);
    case RunKind::exported: return train_arm(arm, seed, true);
    case RunKind::adapt: return adapt_arm(arm, seed);
    case RunKind::golf: break;
  }
  return golf_arm(arm, seed);
}

Result<Figures> ArmRunner::train_arm(const Arm& arm, uint32_t seed, bool exported) const {
  Result<TrainOptions> t = options_of(arm, seed);
  if (!t.ok()) return t.status();
  const std::string model = folder_.work_file("run.gguf"), artifact = folder_.work_file("run.tpk");
  if (exported) t->output = model;
  const Result<TrainPlan> plan = plan_training(*t);
  if (!plan.ok()) return plan.status();
  const Result<TrainReport> report = train_whole(*t);
  if (!report.ok()) return report.status();
  Figures f;
  add_training(*report, *plan, f);
  if (!exported) return f;
  const Result<PackedModel> packed = pack_model(model, {.output = artifact});
  if (!packed.ok()) return packed.status();
  f.emplace_back("artifact_bytes", static_cast<double>(packed->artifact_bytes));
  f.emplace_back("model_bytes", static_cast<double>(packed->model_bytes));
  const Result<Model> loaded = load(model, "", options_.threads);
  if (!loaded.ok()) return loaded.status();
  const Result<double> speed = decoding_speed(*loaded, options_.smoke ? 24 : 200);
  if (!speed.ok()) return speed.status();
  f.emplace_back("decode_tokens_per_second", *speed);
  std::error_code none;
  for (const std::string& file : {model, artifact}) std::filesystem::remove(path_of(file), none);
  return f;
}

// Made when it is missing; the same for all arms of a seed.
Result<std::string> ArmRunner::source_file(uint32_t seed) const {
  TrainOptions t = source_options(seed);
  Checksum sum;
  sum.add(join(said(t), "\n", texts_.checksum));
  const std::string path = folder_.file(join("source-", sum.text(), "-", seed, ".gguf"));
  std::error_code none;
  if (std::filesystem::exists(path_of(path), none)) return path;
  t.data = {texts_.source_train};
  t.valid_data = {texts_.source_valid};
  t.threads = options_.threads;
  t.log = options_.log;
  t.output = path;
  const Result<TrainReport> report = train_whole(t);
  if (!report.ok()) return report.status();
  return path;
}

Result<Figures> ArmRunner::adapt_arm(const Arm& arm, uint32_t seed) const {
  const Result<std::string> source = source_file(seed);
  if (!source.ok()) return source.status();
  Result<TrainOptions> t = options_of(arm, seed);
  if (!t.ok()) return t.status();
  Figures f;
  std::string model = *source, adapter;
  uint64_t bytes = std::filesystem::file_size(path_of(model));
  if (arm.name != "untrained") {
    t->transformer = "";
    t->model = *source;
    t->output = folder_.work_file("run.gguf");
    const Result<TrainPlan> plan = plan_training(*t);
    if (!plan.ok()) return plan.status();
    const Result<TrainReport> report = train_whole(*t);
    if (!report.ok()) return report.status();
    add_training(*report, *plan, f);
    // Where more than adapters learns, the result is a model that they are merged into.
    const bool adapters = t->attention == WeightMode::lora && t->feed_forward == WeightMode::lora;
    const bool beside = adapters && t->embedding == WeightMode::frozen;
    (beside ? adapter : model) = t->output;
    const uint64_t written = std::filesystem::file_size(path_of(t->output));
    bytes = beside ? bytes + written : written;
  }
  const Result<Model> loaded = load(model, adapter, options_.threads);
  if (!loaded.ok()) return loaded.status();
  const Result<double> target = bits_per_byte_of(*loaded, texts_.valid, t->context),
                       before = bits_per_byte_of(*loaded, texts_.source_valid, t->context);
  for (const Status& s : {target.status(), before.status()})
    if (!s.ok()) return s;
  f.insert(f.begin(),
           {{"target_bpb", *target}, {"source_bpb", *before}, {"deployed_bytes", static_cast<double>(bytes)}});
  std::error_code none;
  std::filesystem::remove(path_of(folder_.work_file("run.gguf")), none);
  return f;
}

Result<Figures> ArmRunner::golf_arm(const Arm& arm, uint32_t seed) const {
  const Result<GolfResult> r = golf(golf_options(arm, seed));
  if (!r.ok()) return r.status();
  Figures f = {{"exported_bpb", r->exported_bpb},
               {"valid_bpb", r->valid_bpb},
               {"train_bpb", r->train_bpb},
               {"gap_bpb", r->gap_bpb()},
               {"artifact_bytes", static_cast<double>(r->artifact_bytes)},
               {"artifact_limit", static_cast<double>(r->artifact_limit)},
               {"parameters", static_cast<double>(r->parameters)},
               {"active_parameters", static_cast<double>(r->active_parameters)},
               {"steps", static_cast<double>(r->steps)},
               {"training_seconds", r->seconds},
               {"training_tokens_per_second", r->tokens_per_second}};
  for (const GolfMismatch& m : r->mismatches) f.emplace_back("cost_" + m.name, m.cost_bpb);
  return f;
}

}  // namespace tritium::experiment
