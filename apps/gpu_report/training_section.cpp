// Steps of the trainer, of ever larger transformers as long as the time allows.
#include <algorithm>
#include <array>

#include "base/counter_rng.h"
#include "base/format_text.h"
#include "gpu_report/section.h"
#include "tritium/training.hpp"

namespace tritium::gpu_report {
namespace {

struct Trained {
  const char* name;
  const char* transformer;
  double millions;  // weights that a token uses, about: what a step costs
  double bytes;     // of device memory, about
  int64_t context, batch;
};

// A real GPU shows its speed in the last ones; the first is for software drivers.
constexpr std::array kTrained = {
    Trained{"0.1 M dense",
            R"({"architecture": "bitnet", "dim": 64, "layers": 1, "heads": 2, "ffn": 128, "context": 32})", 0.1, 1e8,
            16, 2},
    Trained{"20 M dense",
            R"({"architecture": "bitnet", "dim": 512, "layers": 6, "heads": 8, "ffn": 1536, "context": 256})", 20, 1e9,
            256, 8},
    Trained{
        "170 M mixture of experts, 4 of 16",
        R"({"architecture": "qwen3moe", "dim": 1024, "layers": 6, "heads": 16, "kv_heads": 4, "head_dim": 64, "ffn": 512, "experts": 16, "top_k": 4, "context": 256})",
        55, 8e9, 256, 8}};
constexpr int64_t kSteps = 4;

std::string random_text(int64_t length) {
  std::string text;
  for (int64_t i = 0; i < length; ++i) text += static_cast<char>('a' + random_bits(3, static_cast<uint64_t>(i)) % 26);
  return text;
}

TrainOptions options_of(const Trained& t, const Context& context, bool profile) {
  TrainOptions o;
  o.transformer = t.transformer;
  o.text = random_text(12 * t.context * t.batch);
  o.valid_fraction = 0.1;
  o.steps = profile ? 1 : kSteps;
  o.context = t.context;
  o.batch = t.batch;
  o.log_every = 1;
  o.eval_every = 1 << 20;
  o.profile = profile;
  o.backend = join("vulkan:", context.device_index);
  o.log = context.log;
  return o;
}

// One transformer: the best of its steps but the first, which compiles.
Status train_one(const Trained& t, Context& context, Entry& entry) {
  auto last = Clock::now();
  double best = 0;
  int64_t steps = 0;
  TrainCallbacks callbacks;
  callbacks.progress = [&](const TrainProgress&) {
    const double seconds = seconds_since(last);
    last = Clock::now();
    if (++steps > 1) best = best == 0 ? seconds : std::min(best, seconds);
    return true;
  };
  callbacks.keep_going = [&] { return steps < 2 || !entry.deadline().over(); };
  const Result<TrainReport> report = train(options_of(t, context, false), callbacks);
  if (!report.ok()) return report.status();
  if (best == 0) return error(StatusCode::internal, "no step was measured");
  const double tokens = static_cast<double>(t.context * t.batch);
  entry.add_row("steps", {{"transformer", t.name},
                          {"tokens_of_a_step", t.context * t.batch},
                          {"ms_a_step", best * 1e3},
                          {"tokens_per_second", tokens / best},
                          {"loss_before", report->first_valid_loss},
                          {"loss_after", report->valid_loss}});
  entry.put("description_of_" + std::string(t.name), t.transformer);
  entry.headline(join(t.name, ": ", figure(best * 1e3), " ms a step of ", t.context * t.batch, " tokens"));
  return Status();
}

Status profile_one(const Trained& t, Context& context, Entry& entry) {
  const Result<TrainReport> report = train(options_of(t, context, true));
  if (!report.ok()) return report.status();
  entry.put("operations_are_of", std::string(t.name) + ", a step and the evaluations around it, each waited for");
  for (const ProfileEntry& p : report->profile)
    entry.add_row("operations", {{"operation", p.operation}, {"calls", p.calls}, {"ms", p.seconds * 1e3}});
  return Status();
}

}  // namespace

Status training_section(Context& context, Entry& entry) {
  const Trained* last = nullptr;
  double last_seconds = 0;
  for (const Trained& t : kTrained) {
    if (context.tiny && last) break;
    if (context.free_bytes > 0 && t.bytes > 0.8 * static_cast<double>(context.free_bytes)) {
      entry.cut(join(t.name, " does not fit the memory"));
      break;
    }
    const double cost = last ? t.millions * static_cast<double>(t.context * t.batch) /
                                   (last->millions * static_cast<double>(last->context * last->batch))
                             : 0.0;
    // A small transformer does not fill a GPU: a larger one costs less than its size says.
    constexpr double kOfProportional = 0.2;
    if (last && kOfProportional * cost * last_seconds > entry.deadline().left()) {
      entry.cut(join(t.name, " was not tried for lack of time"));
      break;
    }
    const auto start = Clock::now();
    if (Status s = train_one(t, context, entry); !s.ok()) return s;
    last = &t;
    last_seconds = seconds_since(start);
  }
  if (last && last_seconds < entry.deadline().left()) return profile_one(*last, context, entry);
  return Status();
}

}  // namespace tritium::gpu_report
