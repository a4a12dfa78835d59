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

#ifdef __cplusplus
}
#endif

#endif
