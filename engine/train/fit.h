// Settings with which a run needs less memory: which of them make a run fit that does not.
#pragma once

#include "train/setup.h"

namespace tritium::training {

// What a run would need, and where that is more than there is, the settings with which it would do: as few as possible
// of, in this order, recomputed activations (time alone), smaller micro-batches (rounding), BF16 shadows, 8-bit states
// (precision), gradients by layer (no clip). A run that goes on keeps what its checkpoint holds.
struct Fit {
  TrainPlan as_asked;
  bool fits = true;                    // with the settings
  std::vector<TrainSetting> settings;  // empty: none was needed, or none helps
  TrainOptions options;                // with them; where nothing fits, with those that need least
  TrainPlan plan;                      // of `options`
};
// available: bytes; 0: unknown, and everything fits.
Result<Fit> fit_to_memory(const TrainOptions& options, Setup& setup, Backend& backend, uint64_t available);

// As TrainPlan documents.
TrainPlan plan_of(const Fit& fit, bool taken);

// Where options.fit says so, what the run that is gone on with was fitted by, in place of the options' own.
TrainOptions with_fit_of_run(const TrainOptions& options);

// The settings of `fit` into `options` and `setup` where options.fit says so; what does not fit is out_of_memory, with
// the numbers and what would do.
Status take_fit(const Fit& fit, TrainOptions& options, Setup& setup);

}  // namespace tritium::training
