// A training run from options to a report: its folder, its data, its memory, then the run itself.
#include "train/run.h"

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

Result<TrainReport> train_and_inspect(const TrainOptions& given, const TrainCallbacks& callbacks,
                                      const Inspection& inspect) {
  const CancelScope scope(callbacks.keep_going);
  TrainOptions options = with_fit_of_run(given);
  Result<RunFolder> folder = RunFolder::take(options);
  if (!folder.ok()) return folder.status();
  Result<Setup> setup = prepare_run(options);
  if (!setup.ok()) return setup.status();
  for (const std::string& warning : setup->warnings)
    log_to(options.log, LogLevel::warning, setup->source->source() + ": " + warning);
  for (const std::vector<std::string>* paths : {&options.data, &options.valid_data})
    for (const std::string& run : run_folders_below(*paths))
      log_to(options.log, LogLevel::info, run + ": the log of a training run is not read as text");
  if (!inspect && options.output.empty() && options.folder.empty())
    log_to(options.log, LogLevel::warning, "what is learned will not be kept: neither output nor folder is given");
  Result<std::unique_ptr<Backend>> backend =
      make_backend({.backend = options.backend, .threads = options.threads, .capture_file = {}, .log = options.log});
  if (!backend.ok()) return backend.status();
  std::unique_ptr<Backend> device = *std::move(backend);
  const Result<Fit> fit = fit_to_memory(options, *setup, *device, device->available_memory());
  if (!fit.ok()) return fit.status();
  if (Status s = take_fit(*fit, options, *setup); !s.ok()) return s;
  if (options.profile) device = make_timed_backend(std::move(device));
  return Run(options, callbacks, inspect, *std::move(folder), *std::move(setup), std::move(device)).run();
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

}  // namespace tritium
