// Settings to the library's options; the plan, and the steps.
#include "desktop/training_thread.h"

#include <algorithm>

namespace tritium::desktop {
namespace {

// Which weights learn. Those of a model of floats stay floats.
void set_modes(const TrainingJob& job, TrainOptions& options) {
  const WeightMode learns = job.is_ternary ? WeightMode::ternary : WeightMode::full;
  options.attention = options.feed_forward = learns;
  if (job.settings.learns == Learns::everything) return;
  options.embedding = options.head = options.norms = options.routers = WeightMode::frozen;
  if (job.settings.learns == Learns::adapters) options.attention = options.feed_forward = WeightMode::lora;
  if (job.settings.learns == Learns::attention) options.feed_forward = WeightMode::frozen;
  if (job.settings.learns == Learns::feed_forward) options.attention = WeightMode::frozen;
}

TrainOptions options_of(const TrainingJob& job) {
  const TrainingSettings& settings = job.settings;
  TrainOptions options;
  options.model = job.model;
  options.backend = job.backend;
  options.data = {settings.text};
  options.output = settings.output;
  options.steps = settings.steps;
  options.context = settings.context;
  options.batch = settings.batch;
  options.learning_rate = static_cast<double>(settings.rate);
  options.fit = settings.fit;
  set_modes(job, options);
  if (job.chooses_experts() && settings.experts != Experts::all)
    options.experts_train =
        (settings.experts == Experts::most_used ? "most-used:" : "rotate:") + std::to_string(settings.n_experts);
  options.log_every = 1;
  options.eval_every = std::max(settings.steps / 10, 1);
  options.threads = worker_threads();
  return options;
}

// A step at a time, so that what is stopped is written, too.
Result<TrainReport> run(const TrainOptions& options, const TrainingEnds& ends,
                        const std::function<void(const TrainProgress&)>& tell) {
  const auto going = [&ends] { return !*ends.stopped; };
  Result<Trainer> trainer = Trainer::create(options, {.progress =
                                                          [&](const TrainProgress& progress) {
                                                            tell(progress);
                                                            return true;
                                                          },
                                                      .keep_going = going});
  if (!trainer.ok()) return trainer.status();
  while (going() && !trainer->has_ended()) {
    const Status taken = trainer->step(1, going).status();
    if (!taken.ok() && taken.code() != StatusCode::cancelled) return taken;
  }
  return trainer->export_to({}, [&ends] { return !*ends.closing; });
}

}  // namespace

void TrainingThread::plan(uint64_t request, const TrainingJob& job, Mailbox<TrainingEvent>& events) {
  Result<TrainPlan> plan = plan_training(options_of(job));
  if (plan.ok())
    events.put({.request = request, .plan = *std::move(plan)});
  else
    events.put({.request = request, .failure = plan.status()});
}

void TrainingThread::train(uint64_t request, const TrainingJob& job, const TrainingEnds& ends,
                           Mailbox<TrainingEvent>& events) {
  Result<TrainReport> report = run(options_of(job), ends, [&](const TrainProgress& progress) {
    events.put({.request = request, .progress = progress});
  });
  if (report.ok())
    events.put({.request = request, .report = *std::move(report)});
  else
    events.put({.request = request, .failure = report.status()});
}

}  // namespace tritium::desktop
