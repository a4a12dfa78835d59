#include "train/fit.h"

#include <array>
#include <nlohmann/json.hpp>

#include "base/format_text.h"
#include "base/log.h"
#include "train/checkpoint.h"
#include "train/memory_plan.h"
#include "train/run_folder.h"

namespace tritium::training {
namespace {

struct Rung {
  void (*take)(TrainOptions&);
  bool changes_checkpoints = false;
};

// From what costs least to what costs most. Gradients by layer need the whole batch at once.
constexpr std::array<Rung, 5> kLadder = {{
    {[](TrainOptions& o) { o.checkpoint_activations = true; }},
    {[](TrainOptions& o) { o.micro_batch = 1; }},
    // Never by int8, which costs quality; who asked for it keeps it.
    {[](TrainOptions& o) { o.shadow = o.shadow == ShadowPrecision::int8 ? o.shadow : ShadowPrecision::bf16; }, true},
    {[](TrainOptions& o) { o.states_8bit = true; }, true},
    {[](TrainOptions& o) { o.update_by_layer = true, o.clip = 0.0, o.micro_batch = 0; }},
}};
constexpr std::array kKeys = {"checkpoint_activations", "micro_batch", "shadow", "states_8bit",
                              "update_by_layer",        "clip"};
using Taken = std::array<bool, kLadder.size()>;

class Search {
 public:
  Search(const TrainOptions& options, Setup& setup, Backend& backend, uint64_t available)
      : options_(options), setup_(setup), backend_(backend), available_(available) {}

  TrainOptions with(const Taken& taken) const {
    TrainOptions o = options_;
    for (size_t i = 0; i < taken.size(); ++i)
      if (taken[i]) kLadder[i].take(o);
    return o;
  }
  Result<TrainPlan> plan(const TrainOptions& o) {
    setup_.recipe = recipe_of(o);
    Result<TrainPlan> plan = plan_memory(o, setup_, backend_);
    if (plan.ok()) plan->available_bytes = available_;
    return plan;
  }
  bool fits(const TrainPlan& plan) const { return available_ == 0 || plan.memory_bytes <= available_; }

  // More and more of the ladder, then without what turns out not to be needed.
  Result<Fit> run();

 private:
  Result<bool> fits(const TrainOptions& o) {
    const Result<TrainPlan> needed = plan(o);
    return needed.ok() ? Result<bool>(fits(*needed)) : Result<bool>(needed.status());
  }
  Status leave_out(Taken& taken);
  Status widen(TrainOptions& o);

  const TrainOptions& options_;
  Setup& setup_;
  Backend& backend_;
  uint64_t available_;
};

Status Search::leave_out(Taken& taken) {
  for (bool& one : taken) {
    if (!one) continue;
    one = false;
    const Result<bool> enough = fits(with(taken));
    if (!enough.ok()) return enough.status();
    one = !*enough;
  }
  return Status();
}

// Micro-batches as large as they can be.
Status Search::widen(TrainOptions& o) {
  const int64_t most = options_.micro_batch > 0 ? options_.micro_batch : options_.batch;
  for (int64_t wider = 2 * o.micro_batch; o.micro_batch > 0 && wider < most && o.batch % wider == 0; wider *= 2) {
    TrainOptions wide = o;
    wide.micro_batch = wider;
    const Result<bool> enough = fits(wide);
    if (!enough.ok()) return enough.status();
    if (!*enough) break;
    o = std::move(wide);
  }
  return Status();
}

std::vector<TrainSetting> changes(const TrainOptions& before, const TrainOptions& now) {
  std::vector<TrainSetting> list;
  const auto compare = [&list](const char* key, const auto& old_value, const auto& value, std::string text) {
    if (value != old_value) list.push_back({.key = key, .value = std::move(text)});
  };
  compare("checkpoint_activations", before.checkpoint_activations, now.checkpoint_activations, "true");
  compare("micro_batch", before.micro_batch, now.micro_batch, std::to_string(now.micro_batch));
  compare("shadow", before.shadow, now.shadow, "bf16");
  compare("states_8bit", before.states_8bit, now.states_8bit, "true");
  compare("update_by_layer", before.update_by_layer, now.update_by_layer, "true");
  compare("clip", before.clip, now.clip, "0");
  return list;
}

Result<Fit> Search::run() {
  Result<TrainPlan> as_asked = plan(options_);
  if (!as_asked.ok()) return as_asked.status();
  Fit fit = {.as_asked = *as_asked, .fits = fits(*as_asked), .settings = {}, .options = options_, .plan = *as_asked};
  Taken taken{};
  for (size_t i = 0; i < kLadder.size() && !fit.fits; ++i) {
    taken[i] = options_.resume.empty() || !kLadder[i].changes_checkpoints;
    TrainOptions cheaper = with(taken);
    Result<TrainPlan> needed = plan(cheaper);
    if (!needed.ok()) return needed.status();
    fit.fits = fits(*needed);
    if (fit.fits) {
      if (Status s = leave_out(taken); !s.ok()) return s;
      cheaper = with(taken);
      if (Status s = widen(cheaper); !s.ok()) return s;
      needed = plan(cheaper);
      if (!needed.ok()) return needed.status();
    }
    if (!fit.fits && needed->memory_bytes >= fit.plan.memory_bytes) continue;
    fit.options = std::move(cheaper);
    fit.plan = *std::move(needed);
  }
  fit.settings = changes(options_, fit.options);
  return fit;
}

std::string words_of(const std::vector<TrainSetting>& settings) {
  std::string words;
  for (const TrainSetting& s : settings) words += join(words.empty() ? "" : ", ", s.key, " ", s.value);
  return words;
}

std::string parts_of(const TrainPlan& plan) {
  std::string parts;
  for (const MemoryPart& part : plan.memory)
    parts += join(parts.empty() ? "" : ", ", part.what, " ", part.bytes >> 20, " MiB");
  return parts;
}

}  // namespace

Result<Fit> fit_to_memory(const TrainOptions& options, Setup& setup, Backend& backend, uint64_t available) {
  Search search(options, setup, backend, available);
  Result<Fit> fit = search.run();
  setup.recipe = recipe_of(options);
  return fit;
}

TrainOptions with_fit_of_run(const TrainOptions& options) {
  if (!options.fit || options.resume.empty()) return options;
  std::string text;
  if (options.resume == "auto") {
    text = options_kept_in(options.folder);
  } else if (const Result<CheckpointState> state = peek_checkpoint(options.resume); state.ok()) {
    text = state->options;
  }
  const auto kept = nlohmann::json::parse(text, nullptr, false);
  if (!kept.is_object() || !kept.contains("fit") || kept["fit"] != true) return options;
  nlohmann::json settings = nlohmann::json::object();
  for (const char* key : kKeys)
    if (kept.contains(key)) settings[key] = kept[key];
  Result<TrainOptions> fitted = train_options_from_json(settings.dump(), options);
  return fitted.ok() ? *std::move(fitted) : options;
}

TrainPlan plan_of(const Fit& fit, bool taken) {
  TrainPlan plan = taken && fit.fits ? fit.plan : fit.as_asked;
  if (fit.fits) plan.fitting = fit.settings;
  if (!plan.fitting.empty()) plan.fitting_bytes = fit.plan.memory_bytes;
  return plan;
}

Status take_fit(const Fit& fit, TrainOptions& options, Setup& setup) {
  if (fit.fits && fit.settings.empty()) return Status();
  const uint64_t free = fit.plan.available_bytes >> 20, needed = fit.plan.memory_bytes >> 20;
  const std::string settings = words_of(fit.settings);
  if (fit.fits && options.fit) {
    options = fit.options;
    setup.recipe = recipe_of(options);
    log_to(options.log, LogLevel::info,
           join("to fit into the ", free, " MiB that are free: ", settings, "; needs ", needed, " MiB"));
    return Status();
  }
  std::string what_would = "no setting needs less";
  if (!settings.empty()) what_would = join(fit.fits ? "with " : "even with ", settings, " it needs ", needed, " MiB");
  return error(StatusCode::out_of_memory, "training needs about ", fit.as_asked.memory_bytes >> 20, " MiB (",
               parts_of(fit.as_asked), "), ", free, " MiB are free; ", what_would,
               fit.fits ? ": give these settings, or fit (--fit), which takes them"
                        : "; a shorter context, a smaller batch or model, adapters (lora) or weights without shadows "
                          "(stochastic) need less");
}

}  // namespace tritium::training
