// A training run from options to a report: its folder, its data, its memory, then the run itself.
#include "train/run.h"

#include "backends.h"
#include "base/cancel.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "base/log.h"
#include "ops/timed_backend.h"
#include "train/memory_plan.h"
#include "train/run_folder.h"
#include "train/trainer.h"

namespace tritium::training {
namespace {

Status check_memory(const TrainOptions& options, const Setup& setup, Backend& backend) {
  const Result<TrainPlan> plan = plan_memory(options, setup, backend);
  if (!plan.ok()) return plan.status();
  if (plan->available_bytes == 0 || plan->memory_bytes <= plan->available_bytes) return Status();
  std::string parts;
  for (const MemoryPart& part : plan->memory)
    parts += join(parts.empty() ? "" : ", ", part.what, " ", part.bytes >> 20, " MiB");
  return error(StatusCode::out_of_memory, "training needs about ", plan->memory_bytes >> 20, " MiB (", parts,
               "), this machine has ", plan->available_bytes >> 20,
               " MiB free; a smaller micro_batch or context, checkpoint_activations, BF16 shadows or 8-bit states "
               "need less");
}

}  // namespace

Result<TrainReport> train_and_inspect(const TrainOptions& options, const TrainCallbacks& callbacks,
                                      const Inspection& inspect) {
  const CancelScope scope(callbacks.keep_going);
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
  if (Status s = check_memory(options, *setup, *device); !s.ok()) return s;
  if (options.profile) device = make_timed_backend(std::move(device));
  return Run(options, callbacks, inspect, *std::move(folder), *std::move(setup), std::move(device)).run();
}

}  // namespace tritium::training

namespace tritium {

Result<TrainReport> train(const TrainOptions& options, const TrainCallbacks& callbacks) try {
  return training::train_and_inspect(options, callbacks, {});
} catch (...) {
  return caught();
}

}  // namespace tritium
