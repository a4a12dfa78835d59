// Training in C, as training.hpp has it: the dialect is that of tritium.h.
#ifndef TRITIUM_TRAINING_H
#define TRITIUM_TRAINING_H

#include <stdint.h>

#include "tritium/tritium.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tritium_train_plan {
  uint64_t size;
  uint64_t parameters;
  uint64_t active_parameters;
  uint64_t ternary_parameters;
  uint64_t memory_bytes;
  uint64_t available_bytes;  // 0: unknown
  uint64_t fitting_bytes;    // 0: it fits as it is, or nothing would help; else what "fit": true would need
  int64_t train_tokens;
  int64_t valid_tokens;
  int64_t steps;  // 0: until the minutes are over
} tritium_train_plan;
typedef struct tritium_train_progress {
  uint64_t size;
  int64_t step;
  int64_t steps;      // in all, as far as it is known
  double train_loss;  // nats a token, mean since the last report
  double valid_loss;  // these two: NaN where the held-out text was not looked at
  double bits_per_byte;
  double learning_rate;
  double gradient_norm;
  double tokens_per_second;
  double seconds;
  double seconds_left;
} tritium_train_progress;
// 0 goes on; anything else: the run saves a checkpoint and stops (TRITIUM_TRAIN_INTERRUPTED).
typedef int32_t (*tritium_on_train_progress)(void* data, const tritium_train_progress* progress);

typedef struct tritium_train_options {
  uint64_t size;
  tritium_on_train_progress progress;  // NULL: nobody
  void* progress_data;
  // Asked in the middle of steps and evaluations, too: as by `progress`, without a step that was cut short;
  // TRITIUM_CANCELLED where nothing was learned yet, or the checkpoint is written and the export was under way.
  tritium_cancel* cancel;
  tritium_log log;  // NULL: silence
  void* log_data;
} tritium_train_options;
TRITIUM_API void tritium_train_options_init(tritium_train_options* options, uint64_t size);

enum { TRITIUM_TRAIN_FINISHED = 0, TRITIUM_TRAIN_INTERRUPTED = 1, TRITIUM_TRAIN_EARLY = 2 };
typedef struct tritium_train_report {
  uint64_t size;
  int64_t step;
  int64_t exported_step;  // after an early stop that of the best checkpoint, where there is a folder
  double train_loss;      // nats a token, mean of the last steps; NaN when no step was taken
  double valid_loss;      // of exported_step
  double bits_per_byte;
  double first_valid_loss;
  double seconds;
  double tokens_per_second;
  double export_difference;  // largest |logit of the file - logit of the trainer|
  uint64_t packed_bytes;     // of the exported tensors
  int32_t stop;              // TRITIUM_TRAIN_...
  int32_t reserved;
} tritium_train_report;

// What a run is, is a JSON object: what `tritium train --config` takes and `--print-config` shows
// (training_options.md). Unknown names and wrong types are errors that name them. What it would need; reads data and
// model headers.
TRITIUM_API tritium_status tritium_train_make_plan(const char* config, uint64_t config_size, tritium_train_plan* out,
                                                   tritium_error* error);
// The whole run, on this thread and those of its backend, with checkpoints in the config's "folder" and the model in
// its "output". `out` may be NULL. Sessions of other runtimes go on meanwhile.
TRITIUM_API tritium_status tritium_train(const char* config, uint64_t config_size, const tritium_train_options* options,
                                         tritium_train_report* out, tritium_error* error);

// ---- step by step ----------------------------------------------------------------------------------------

// A run whose steps the application takes. The config says how long the run is, by which rates follow their schedule,
// and what happens along the way: evaluations, early stop, checkpoints and log in its "folder"; "minutes" are those
// within tritium_trainer_step. One thread at a time: a call that finds another one under way is refused
// (TRITIUM_INVALID_ARGUMENT). It has its device and its folder until it is released; sessions of runtimes go on.
typedef struct tritium_trainer tritium_trainer;
// Up to the first step, the first look at the held-out text included. options->cancel is of this call,
// options->progress and log are called by later ones, too.
TRITIUM_API tritium_status tritium_trainer_create(const char* config, uint64_t config_size,
                                                  const tritium_train_options* options, tritium_trainer** out,
                                                  tritium_error* error);
TRITIUM_API void tritium_trainer_release(tritium_trainer* trainer);
// n steps, at least one; fewer where the run ends, none where it has. `out` (may be NULL): means of these steps, NaN
// without any; valid_loss of the last evaluation among them. TRITIUM_CANCELLED, also where options->progress said so:
// steps that were taken before stay, and one that was cut short was not taken (a router's bias that balances experts
// may have moved by one step).
TRITIUM_API tritium_status tritium_trainer_step(tritium_trainer* trainer, int64_t n, tritium_cancel* cancel,
                                                tritium_train_progress* out, tritium_error* error);
// Not 0: its steps, epochs or minutes are over, or early_stop has ended it.
TRITIUM_API int32_t tritium_trainer_has_ended(const tritium_trainer* trainer);
// Where it is, with valid_loss and bits_per_byte of all held-out text.
TRITIUM_API tritium_status tritium_trainer_evaluate(tritium_trainer* trainer, tritium_cancel* cancel,
                                                    tritium_train_progress* out, tritium_error* error);
// A checkpoint, for the config's "resume". NULL: in the run's folder.
TRITIUM_API tritium_status tritium_trainer_save(tritium_trainer* trainer, const char* path, tritium_error* error);
// The model as tritium_train would leave it now (NULL: in the config's "output"): held-out text is scored, the file
// written and its logits compared. Training can go on as if it had not been: where an export changes what is trained
// (an average, gptq, experts_train, after an early stop) the run is kept meanwhile in a file beside it, PATH.training.
// `out` may be NULL; its stop is TRITIUM_TRAIN_INTERRUPTED where the run has not ended.
TRITIUM_API tritium_status tritium_trainer_export(tritium_trainer* trainer, const char* path, tritium_cancel* cancel,
                                                  tritium_train_report* out, tritium_error* error);

#ifdef __cplusplus
}
#endif

#endif
