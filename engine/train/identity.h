// Which run it is, and what it trains: in its folder, in its checkpoints and in its log.
#pragma once

#include <string>

#include "train/setup.h"

namespace tritium::training {

struct RunIdentity {
  std::string run;    // drawn when it begins; empty: unknown
  std::string model;  // a checksum of what it starts from, configuration and weights; empty: unknown
};

// Of a run that nobody began before.
std::string new_run_name();

// The checksum of the file that is fine-tuned, or of the weights that were drawn.
Result<std::string> fingerprint_of(const TrainOptions& options, const Setup& setup);

}  // namespace tritium::training
