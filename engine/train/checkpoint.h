// Checkpoints: everything a run needs to go on as if it had not stopped. One file, written to a temporary name and
// renamed, so a name never shows half of it.
//
//   "TRITIUMC" | u64 length of the header | header: JSON | tensors, each from a multiple of 64 bytes on
//
// The header holds the step, the options and for each tensor its name, offset and size; a file shorter or longer than
// they say is refused.
#pragma once

#include <string>

#include "train/optimizers/optimizer.h"
#include "tritium/log.hpp"

namespace tritium::training {

struct CheckpointState {
  int64_t step = 0;
  double best_valid_loss = 0;  // infinity: none yet
  int64_t evaluations_since_best = 0;
  int64_t averaged_steps = 0;
  double seconds = 0;   // spent in training so far
  std::string options;  // TrainOptions as JSON, resolved
};

Status write_checkpoint(const std::string& path, Backend& backend, Transformer& model, const CheckpointState& state);
// Replaces shadows, states, alphas and trits. Errors name the file and what does not fit the model.
Result<CheckpointState> read_checkpoint(const std::string& path, Backend& backend, Transformer& model);
// The header alone.
Result<CheckpointState> peek_checkpoint(const std::string& path);

// Names of a run's checkpoints: step-00001200.ckpt; and best.ckpt.
inline constexpr const char* kBestCheckpoint = "best.ckpt";
std::string checkpoint_name(int64_t step);
// Path of the one with the most steps, which may be the best one; empty when the folder has none. Those that cannot be
// read are passed over with a warning; when there is no other, that is an error: beginning anew would overwrite the
// run.
Result<std::string> checkpoint_to_resume(const std::string& folder, const LogSink& log);
// Paths of those in a folder whose header can be read, newest first.
std::vector<std::string> list_checkpoints(const std::string& folder);
// Removes all but the newest `keep`.
void prune_checkpoints(const std::string& folder, int64_t keep);

}  // namespace tritium::training
