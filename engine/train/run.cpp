// A training run from options to a report: its folder, its data, its memory, then the run itself.
#include "train/run.h"

#include <atomic>

#include "backends.h"
#include "base/cancel.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "base/log.h"
#include "ops/timed_backend.h"
#include "train/fit.h"
#include "train/run_folder.h"
#include "train/trainer.h"

namespace tritium::training {

Result<std::unique_ptr<Run>> open_run(const TrainOptions& given, const TrainCallbacks& callbacks,
                                      const Inspection& inspect) {
  TrainOptions options = with_fit_of_run(given);
  Result<RunFolder> folder = RunFolder::take(options);
  if (!folder.ok()) return folder.status();
  Result<Setup> setup = prepare_run(options);
  if (!setup.ok()) return setup.status();
  for (const std::string& warning : setup->warnings)
    log_to(options.log, LogLevel::warning, setup->model.tensors().source() + ": " + warning);
  for (const std::vector<std::string>* paths : {&options.data, &options.valid_data})
    for (const std::string& run : run_folders_below(*paths))
      log_to(options.log, LogLevel::info, run + ": the log of a training run is not read as text");
  Result<std::unique_ptr<Backend>> backend =
      make_backend({.backend = options.backend, .threads = options.threads, .capture_file = {}, .log = options.log});
  if (!backend.ok()) return backend.status();
  std::unique_ptr<Backend> device = *std::move(backend);
  const Result<Fit> fit = fit_to_memory(options, *setup, *device, device->available_memory());
  if (!fit.ok()) return fit.status();
  if (Status s = take_fit(*fit, options, *setup); !s.ok()) return s;
  if (options.profile) device = make_timed_backend(std::move(device));
  return std::make_unique<Run>(std::move(options), callbacks, inspect, *std::move(folder), *std::move(setup),
                               std::move(device));
}

Result<TrainReport> train_and_inspect(const TrainOptions& options, const TrainCallbacks& callbacks,
                                      const Inspection& inspect) {
  const CancelScope scope(callbacks.keep_going);
  const Result<std::unique_ptr<Run>> run = open_run(options, callbacks, inspect);
  if (!run.ok()) return run.status();
  if (!inspect && options.output.empty() && options.folder.empty())
    log_to(options.log, LogLevel::warning, "what is learned will not be kept: neither output nor folder is given");
  return (*run)->run();
}

}  // namespace tritium::training

namespace tritium {

Result<TrainPlan> plan_training(const TrainOptions& given) try {
  const TrainOptions options = training::with_fit_of_run(given);
  Result<training::Setup> setup = training::prepare_run(options);
  if (!setup.ok()) return setup.status();
  const Result<std::unique_ptr<Backend>> backend =
      make_backend({.backend = options.backend, .threads = options.threads, .capture_file = {}, .log = options.log});
  if (!backend.ok()) return backend.status();
  const Result<training::Fit> fit = training::fit_to_memory(options, *setup, **backend, (*backend)->available_memory());
  if (!fit.ok()) return fit.status();
  return training::plan_of(*fit, options.fit);
} catch (...) {
  return caught();
}

Result<TrainReport> train(const TrainOptions& options, const TrainCallbacks& callbacks) try {
  return training::train_and_inspect(options, callbacks, {});
} catch (...) {
  return caught();
}

struct Trainer::State {
  std::unique_ptr<training::Run> run;
  std::atomic_flag busy;
  std::atomic<bool> ended = false;  // as the last call left it
};

namespace {

// A call of a trainer, one at a time.
template <typename T, typename State, typename Action>
T call_of(State* state, const std::function<bool()>& keep_going, const Action& action) {
  if (!state) return error(StatusCode::invalid_argument, "this trainer was moved from: use the one it was moved to");
  if (state->busy.test_and_set(std::memory_order_acquire))
    return error(StatusCode::invalid_argument, "another call of this trainer is under way: one thread at a time");
  const std::unique_ptr<std::atomic_flag, void (*)(std::atomic_flag*)> release(
      &state->busy, [](std::atomic_flag* flag) { flag->clear(std::memory_order_release); });
  try {
    const CancelScope scope(keep_going);
    T outcome = action(*state->run);
    state->ended = state->run->has_ended();
    return outcome;
  } catch (...) {
    return caught();
  }
}

}  // namespace

Trainer::Trainer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Trainer::Trainer(Trainer&&) noexcept = default;
Trainer& Trainer::operator=(Trainer&&) noexcept = default;
Trainer::~Trainer() = default;

Result<Trainer> Trainer::create(const TrainOptions& options, const TrainCallbacks& callbacks) try {
  const CancelScope scope(callbacks.keep_going);
  Result<std::unique_ptr<training::Run>> run = training::open_run(options, {.progress = callbacks.progress}, {});
  if (!run.ok()) return run.status();
  if (Status s = (*run)->start(); !s.ok()) return s;
  auto state = std::make_unique<State>();
  state->run = *std::move(run);
  state->ended = state->run->has_ended();
  return Trainer(std::move(state));
} catch (...) {
  return caught();
}

Result<TrainProgress> Trainer::step(int64_t n, const std::function<bool()>& keep_going) {
  return call_of<Result<TrainProgress>>(state_.get(), keep_going, [n](auto& run) { return run.step(n); });
}

bool Trainer::has_ended() const { return !state_ || state_->ended; }

Result<TrainProgress> Trainer::evaluate(const std::function<bool()>& keep_going) {
  return call_of<Result<TrainProgress>>(state_.get(), keep_going, [](auto& run) { return run.evaluate_all(); });
}

Status Trainer::save(const std::string& path) {
  return call_of<Status>(state_.get(), {}, [&](auto& run) { return run.save_to(path); });
}

Result<TrainReport> Trainer::export_to(const std::string& path, const std::function<bool()>& keep_going) {
  return call_of<Result<TrainReport>>(state_.get(), keep_going, [&](auto& run) { return run.export_to(path); });
}

}  // namespace tritium
