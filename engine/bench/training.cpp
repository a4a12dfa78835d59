// Steps of the trainer, from its public face.
#include "tritium/training.hpp"

#include <chrono>

#include "base/cancel.h"
#include "base/counter_rng.h"
#include "bench/median.h"
#include "bench/rows.h"

namespace tritium::bench {
namespace {

struct Trained {
  const char* name;
  const char* transformer;
};
constexpr Trained kTrained[] = {
    {"train/dense 3M",
     R"({"architecture": "bitnet", "dim": 256, "layers": 4, "heads": 4, "ffn": 768, "context": 128})"},
    {"train/moe 5M, 2 of 8",
     R"({"architecture": "qwen3moe", "dim": 256, "layers": 4, "heads": 4, "kv_heads": 2, "head_dim": 64, "ffn": 192, "experts": 8, "top_k": 2, "context": 128})"}};
constexpr int64_t kContext = 128, kBatch = 8;

std::string random_text(uint64_t length) {
  std::string text;
  for (uint64_t i = 0; i < length; ++i) text += static_cast<char>('a' + random_bits(3, i) % 26);
  return text;
}

TrainOptions options_of(const Trained& trained, int threads) {
  constexpr int64_t kSteps = 6, kNever = 1 << 20;
  TrainOptions o;
  o.transformer = trained.transformer;
  o.text = random_text(static_cast<uint64_t>(kContext * kBatch * 8));
  o.valid_fraction = 0.05;
  o.steps = kSteps;
  o.context = kContext;
  o.batch = kBatch;
  o.log_every = 1;
  o.eval_every = kNever;
  o.threads = threads;
  return o;
}

// Of a step: the median of all but the first, which records.
Result<double> step_seconds(const Trained& trained, int threads) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> times;
  Clock::time_point last;
  int64_t steps = 0;
  TrainCallbacks callbacks;
  callbacks.progress = [&](const TrainProgress&) {
    const Clock::time_point now = Clock::now();
    if (steps++ > 0) times.push_back(std::chrono::duration<double>(now - last).count());
    last = now;
    return true;
  };
  callbacks.keep_going = [] { return !cancelled(); };
  const Result<TrainReport> report = train(options_of(trained, threads), callbacks);
  if (!report.ok()) return report.status();
  check_cancelled();
  return median(std::move(times));
}

Result<std::vector<Row>> make_training(const Trained& trained, const RowName& name) {
  const Result<TrainPlan> plan = plan_training(options_of(trained, 1));
  if (!plan.ok()) return plan.status();
  // Forward, and the gradients of inputs and of weights: a multiply-add each.
  const auto tokens = static_cast<double>(kContext * kBatch);
  const Work work = {.operations = 6.0 * static_cast<double>(plan->active_parameters) * tokens,
                     .floats = true,
                     .tokens = tokens,
                     .against = Against::float_products};
  return std::vector<Row>{{name, work, [trained](Lane& lane) { return step_seconds(trained, lane.threads); }}};
}

}  // namespace

void add_training(std::vector<Family>& families) {
  for (const Trained& trained : kTrained) {
    const RowName name = {trained.name, kContext * kBatch};
    families.push_back(
        {.name = trained.name, .rows = {name}, .bytes = uint64_t{256} << 20, .make = [=](std::span<Lane>) {
           return make_training(trained, name);
         }});
  }
}

}  // namespace tritium::bench
