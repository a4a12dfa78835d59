// Checkpoints: everything a run needs to go on as if it had not stopped. One file, written to a temporary name and
// renamed, so a name never shows half of it.
//
//   "TRITIUMC" | u64 length of the header | header: JSON | tensors, each from a multiple of 64 bytes on | u64 XXH3 of
//   everything before
//
// The header holds the run and its model, the step, the options and for each tensor its name, offset and size, and the
// step of a shadow's codes. What is damaged is refused. Version 1 had neither run, model nor checksum.
#pragma once

#include <string>

#include "train/identity.h"
#include "train/optimizers/optimizer.h"

namespace tritium::training {

struct CheckpointState {
  int64_t step = 0;
  double best_valid_loss = 0;  // infinity: none yet
  int64_t evaluations_since_best = 0;
  int64_t averaged_steps = 0;
  double seconds = 0;   // spent in training so far
  std::string options;  // TrainOptions as JSON, resolved
  ExpertOrder experts;  // Transformer::experts() of the run: what is stored is in that order
  RunIdentity identity;
};

// The size of the file that is written next; what grows later (the digits of the step) hardly counts.
uint64_t checkpoint_bytes(Transformer& model, const CheckpointState& state);
Status write_checkpoint(const std::string& path, Backend& backend, Transformer& model, const CheckpointState& state);
// Replaces shadows, states, alphas and trits. Errors name the file and what is damaged or does not fit the model, which
// is then as it was.
Result<CheckpointState> read_checkpoint(const std::string& path, Backend& backend, Transformer& model);
// The header alone: what is damaged behind it does not show.
Result<CheckpointState> peek_checkpoint(const std::string& path);
// All of its bytes are looked at.
Result<CheckpointState> verify_checkpoint(const std::string& path);

// Names of a run's checkpoints: step-00001200.ckpt; and best.ckpt.
inline constexpr const char* kBestCheckpoint = "best.ckpt";
std::string checkpoint_name(int64_t step);
bool is_checkpoint_name(std::string_view name);

}  // namespace tritium::training
