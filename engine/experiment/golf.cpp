// Golf: a text becomes a vocabulary, a model that is trained under the quantiser of its export, a file that the
// inference engine evaluates on the windows that the trainer validated on, and an artifact.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/atomic_file.h"
#include "base/cancel.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "base/same_file.h"
#include "experiment/golf_shape.h"
#include "experiment/texts.h"
#include "experiment/windows.h"
#include "experiment/work_folder.h"
#include "tritium/artifact.hpp"
#include "tritium/runtime.hpp"
#include "tritium/vocabulary_training.hpp"

namespace tritium::experiment {
namespace {

constexpr const char *kAverageAfter = "average-after", *kTailRescored = "tail-rescored",
                     *kProjectionGrid = "projection-grid", *kAttentionAfter = "attention-after",
                     *kEmbeddingAfter = "embedding-after";

std::string own_export(const std::string& name) { return name + ".own.gguf"; }

double bits_per_byte(double nats, int64_t bytes) { return nats / std::numbers::ln2 / static_cast<double>(bytes); }

const ExportFault* find_fault(const std::vector<ExportFault>& faults, const std::string& name) {
  const auto found = std::ranges::find(faults, name, &ExportFault::name);
  return found == faults.end() ? nullptr : &*found;
}

const ExportFault* find_mismatch(const std::string& name) { return find_fault(golf_mismatches(), name); }

// An export of the weights of the run itself.
bool of_the_run(const std::string& name) {
  const ExportFault* fault = find_fault(export_faults(), name);
  return fault && !fault->apart;
}

// An export of other weights, which is compared with their own.
bool is_trained_apart(const std::string& name) {
  const ExportFault* fault = find_fault(export_faults(), name);
  return fault && fault->apart;
}

Status check_options(const GolfOptions& o) {
  const auto refuse = [](const auto&... parts) { return error(StatusCode::invalid_argument, parts...); };
  if (o.steps < 0 || o.minutes < 0 || !std::isfinite(o.minutes))
    return refuse("steps are ", o.steps, " and minutes ", o.minutes, "; both must be at least 0");
  if (!(o.scale > 0 && o.scale <= 1)) return refuse("the scale is ", o.scale, ", must be above 0 and at most 1");
  if (o.valid_bytes < 1000) return refuse("valid_bytes is ", o.valid_bytes, ", must be at least 1000");
  if (o.vocab_size < 0) return refuse("the vocabulary has ", o.vocab_size, " tokens; 0 takes the preset's");
  for (const std::string& name : o.mismatches) {
    if (find_mismatch(name)) continue;
    std::string names;
    for (const ExportFault& f : golf_mismatches()) names += join(names.empty() ? "" : ", ", f.name);
    return refuse("there is no mismatch \"", name, "\"; there are ", names);
  }
  return Status();
}

// What is read is not written over.
Status check_files(const GolfOptions& o, const WorkFolder& folder) {
  std::vector<NamedFile> outputs, inputs;
  for (const char* name : {"vocabulary.gguf", "model.gguf", "model.tpk"})
    outputs.push_back({"a result", folder.file(name)});
  for (const std::string& name : o.mismatches) {
    outputs.push_back({"a result", folder.file(name + ".gguf")});
    if (is_trained_apart(name)) outputs.push_back({"a result", folder.file(own_export(name))});
  }
  for (const auto* texts : {&o.data, &o.valid_data})
    for (const std::string& path : *texts) inputs.push_back({"a text", path});
  return check_outputs(outputs, inputs);
}

class Golf {
 public:
  Golf(const GolfOptions& options, WorkFolder folder) : options_(options), folder_(std::move(folder)) {}

  Result<GolfResult> run() {
    for (const auto step : {&Golf::plan, &Golf::make_texts, &Golf::make_vocabulary, &Golf::train_clean,
                            &Golf::evaluate_clean, &Golf::pack, &Golf::look_at_mismatches})
      if (Status s = (this->*step)(); !s.ok()) return s;
    return std::move(result_);
  }

 private:
  Status say(const std::string& what, double fraction) const {
    return !options_.progress || options_.progress(what, fraction) ? Status() : cancelled_status("golf");
  }

  Status plan() {
    Result<GolfPlan> plan = plan_of(options_);
    if (!plan.ok()) return plan.status();
    const bool trits = plan->training.feed_forward == WeightMode::ternary;
    if (!trits && std::ranges::count(options_.mismatches, "requantise-twice") > 0)
      return error(StatusCode::invalid_argument, "mismatch requantise-twice is of trits, and ", options_.preset,
                   " has none");
    plan_ = *std::move(plan);
    for (const std::string& name : options_.mismatches) {
      TrainOptions apart = plan_.training;
      if (Status s = set_apart(name, apart); !s.ok()) return s;
    }
    result_.preset = options_.preset;
    result_.vocab_size = plan_.vocab_size;
    context_ = plan_.training.context;
    result_.transformer = plan_.transformer;
    result_.artifact_limit = plan_.limit;
    return Status();
  }

  Status make_texts() {
    if (Status s = say("reading", 0); !s.ok()) return s;
    const int64_t valid_bytes =
        options_.smoke ? std::min<int64_t>(options_.valid_bytes, 8 << 10) : options_.valid_bytes;
    Result<Texts> texts = read_texts(options_.data, options_.valid_data, valid_bytes);
    if (!texts.ok()) return texts.status();
    valid_ = std::move(texts->valid);
    result_.valid_bytes = static_cast<int64_t>(valid_.size());
    if (Status s = write_file(folder_.work_file("train.txt"), texts->train); !s.ok()) return s;
    return write_file(folder_.work_file("valid.txt"), valid_);
  }

  Status make_vocabulary() {
    const Result<TrainedVocabulary> made =
        train_vocabulary({.data = {folder_.work_file("train.txt")},
                          .output = file("vocabulary.gguf"),
                          .vocab_size = result_.vocab_size,
                          .progress = [&](const std::string&, double f) { return say("vocabulary", f).ok(); },
                          .keep_going = options_.keep_going});
    if (!made.ok()) return made.status();
    bytes_of_train_token_ =
        static_cast<double>(made->n_bytes) / static_cast<double>(std::max<int64_t>(1, made->n_tokens));
    return Status();
  }

  TrainOptions training(const std::string& output) const {
    TrainOptions t = plan_.training;
    t.transformer = plan_.transformer;
    t.tokenizer = file("vocabulary.gguf");
    t.data = {folder_.work_file("train.txt")};
    t.valid_data = {folder_.work_file("valid.txt")};
    t.output = file(output);
    t.seed = options_.seed;
    t.steps = options_.steps;
    t.minutes = options_.steps > 0 ? 0 : options_.minutes;
    if (options_.smoke) t.batch = 4;
    if (t.steps == 0 && t.minutes == 0) (options_.smoke ? void(t.steps = 8) : void(t.minutes = 10));
    t.eval_every = t.steps > 0 ? t.steps : 1 << 20;
    t.backend = options_.backend;
    t.threads = options_.threads;
    t.log = options_.log;
    return t;
  }

  Result<TrainReport> train(const TrainOptions& t, const std::string& what, const std::vector<FaultyExport>& faulty) {
    const TrainCallbacks callbacks = {
        .progress =
            [&](const TrainProgress& p) {
              const double part = p.steps > 0 ? static_cast<double>(p.step) / static_cast<double>(p.steps) : 0;
              return say(join(what, ", ", p.train_loss, " nats"), part).ok();
            },
        .keep_going = options_.keep_going};
    Result<TrainReport> report = train_with_faults(t, callbacks, faulty);
    if (report.ok() && report->stop == TrainStop::interrupted) return cancelled_status("golf");
    return report;
  }

  Status train_clean() {
    const TrainOptions t = training("model.gguf");
    const Result<TrainPlan> needs = plan_training(t);
    if (!needs.ok()) return needs.status();
    result_.parameters = needs->parameters;
    result_.active_parameters = needs->active_parameters;
    result_.train_tokens = needs->train_tokens;
    result_.valid_tokens = needs->valid_tokens;
    std::vector<FaultyExport> faulty;
    for (const std::string& name : options_.mismatches)
      if (of_the_run(name)) faulty.push_back({name, file(name + ".gguf")});
    const Result<TrainReport> report = train(t, "training", faulty);
    if (!report.ok()) return report.status();
    // Settings without what is the machine's or the folder's.
    TrainOptions said = t;
    said.tokenizer = said.output = "";
    said.data = said.valid_data = {};
    said.steps = report->step;
    said.minutes = 0;
    result_.options = train_options_to_json(said);
    result_.train_bpb = report->train_loss.value_or(NAN) / std::numbers::ln2 / bytes_of_train_token_;
    result_.valid_bpb = report->bits_per_byte;
    result_.steps = report->step;
    result_.seconds = report->seconds;
    result_.tokens_per_second = report->tokens_per_second;
    return Status();
  }

  Result<Model> load(const std::string& path) {
    if (!runtime_) {
      Result<Runtime> runtime =
          Runtime::create({.backend = options_.backend, .threads = options_.threads, .log = options_.log});
      if (!runtime.ok()) return runtime.status();
      runtime_.emplace(*std::move(runtime));
    }
    return runtime_->load(path, {.keep_going = options_.keep_going});
  }

  // Bits per byte of the held-out text, in those windows.
  Result<double> evaluate(const Model& model, const std::vector<Window>& windows, const std::string& what) {
    const Result<Score> scored =
        score(model, tokens_, windows, [&](double f) { return say("evaluating " + what, f).ok(); });
    if (!scored.ok()) return scored.status();
    // As many bytes as the tokens that count have, each counted as often.
    const double nats_a_token = scored->nats / static_cast<double>(scored->tokens);
    return bits_per_byte(nats_a_token * static_cast<double>(std::ssize(tokens_) - 1), result_.valid_bytes);
  }

  Result<double> evaluate_file(const std::string& name) {
    const Result<Model> model = load(file(name));
    if (!model.ok()) return model.status();
    return evaluate(*model, separate_windows(std::ssize(tokens_), context_), name);
  }

  Status evaluate_clean() {
    const Result<Model> model = load(file("model.gguf"));
    if (!model.ok()) return model.status();
    Result<std::vector<int32_t>> tokens = model->tokenize(valid_);
    if (!tokens.ok()) return tokens.status();
    tokens_ = *std::move(tokens);
    if (std::ssize(tokens_) != result_.valid_tokens)
      return error(StatusCode::internal, "the trainer sees ", result_.valid_tokens, " held-out tokens, the model ",
                   tokens_.size());
    const Result<double> bpb = evaluate_file("model.gguf");
    if (!bpb.ok()) return bpb.status();
    result_.exported_bpb = *bpb;
    return Status();
  }

  Status pack() {
    const Result<PackedModel> packed =
        pack_model(file("model.gguf"), {.output = file("model.tpk"),
                                        .progress = [&](double f) { return say("packing", f).ok(); },
                                        .keep_going = options_.keep_going});
    if (!packed.ok()) return packed.status();
    result_.artifact_bytes = packed->artifact_bytes;
    result_.model_bytes = packed->model_bytes;
    return Status();
  }

  // ---- mismatches

  Status look_at_mismatches() {
    for (const std::string& name : options_.mismatches) {
      GolfMismatch m = {.name = name, .what = find_mismatch(name)->what};
      if (is_trained_apart(name))
        if (Status s = train_apart(name); !s.ok()) return s;
      const Result<double> clean = name == kTailRescored    ? slid(false)
                                   : is_trained_apart(name) ? evaluate_file(own_export(name))
                                                            : Result<double>(result_.exported_bpb);
      if (!clean.ok()) return clean.status();
      const Result<double> with = name == kTailRescored   ? slid(true)
                                  : name == kAverageAfter ? averaged()
                                                          : evaluate_file(name + ".gguf");
      if (!with.ok()) return with.status();
      m.exported_bpb = *with;
      m.cost_bpb = *with - *clean;
      // Here the fault is the number that was believed.
      if (name == "unquantised-validation")
        m.cost_bpb = result_.exported_bpb - *with, m.exported_bpb = result_.exported_bpb;
      result_.mismatches.push_back(std::move(m));
    }
    return Status();
  }

  Result<double> slid(bool faulty) {
    const Result<Model> model = load(file("model.gguf"));
    if (!model.ok()) return model.status();
    const int64_t n = std::ssize(tokens_), stride = std::max<int64_t>(1, context_ / 4);
    return evaluate(*model, faulty ? tail_rescoring_windows(n, context_, stride) : sliding_windows(n, context_, stride),
                    kTailRescored);
  }

  // What the training of a mismatch does in another way, or why there is none.
  Status set_apart(const std::string& name, TrainOptions& t) const {
    if (name == kEmbeddingAfter) t.embedding = WeightMode::full;
    if (name == kAttentionAfter) {
      if (t.attention == WeightMode::ternary)
        return error(StatusCode::invalid_argument, options_.preset, " has attention of trits: mismatch ",
                     kAttentionAfter, " is for the presets with int4");
      t.attention = WeightMode::full;
    }
    if (name != kProjectionGrid) return Status();
    std::vector<std::string> modes;
    if (plan_.shape.bigram_length > 0) modes.push_back("bigram_output.weight=int6");
    if (plan_.shape.value_length > 0) modes.push_back("value_output.weight=int6");
    if (!modes.empty()) return set_train_option(t, "weights", modes);
    return error(StatusCode::invalid_argument, options_.preset, " has no projections of embeddings: mismatch ",
                 kProjectionGrid, " is for the presets with int4");
  }

  // Another training, whose own export and the faulty one differ in the fault alone.
  Status train_apart(const std::string& name) {
    TrainOptions t = training(own_export(name));
    t.steps = result_.steps;
    t.minutes = 0;
    if (Status s = set_apart(name, t); !s.ok()) return s;
    return train(t, "training for " + name, {{name, file(name + ".gguf")}}).status();
  }

  // The same steps again; what is exported is the average, with which nothing was trained.
  Result<double> averaged() {
    TrainOptions t = training("average-after.gguf");
    t.average = Average::ema;
    t.ema_decay = 0.997;
    t.steps = result_.steps;
    t.minutes = 0;
    if (const Result<TrainReport> report = train(t, "training for the average", {}); !report.ok())
      return report.status();
    return evaluate_file("average-after.gguf");
  }

  std::string file(const std::string& name) const { return folder_.file(name); }

  const GolfOptions& options_;
  WorkFolder folder_;
  GolfPlan plan_;
  GolfResult result_;
  int64_t context_ = 256;
  std::string valid_;
  std::vector<int32_t> tokens_;
  double bytes_of_train_token_ = 1;
  std::optional<Runtime> runtime_;
};

}  // namespace
}  // namespace tritium::experiment

namespace tritium {

const std::vector<ExportFault>& golf_mismatches() {
  static const std::vector<ExportFault> kList = [] {
    std::vector<ExportFault> list = export_faults();
    list.push_back({.name = experiment::kAverageAfter,
                    .what = "the exponential average (0.997) of shadows is exported, untrained",
                    .apart = true});
    list.push_back({.name = experiment::kTailRescored,
                    .what = "sliding windows that run past the end score its last tokens again"});
    return list;
  }();
  return kList;
}

Result<GolfResult> golf(const GolfOptions& options) try {
  const CancelScope scope(options.keep_going);
  if (Status s = experiment::check_options(options); !s.ok()) return s;
  Result<experiment::WorkFolder> folder = experiment::WorkFolder::take(options.folder, "golf");
  if (!folder.ok()) return folder.status();
  if (Status s = experiment::check_files(options, *folder); !s.ok()) return s;
  return experiment::Golf(options, *std::move(folder)).run();
} catch (...) {
  return caught();
}

}  // namespace tritium
