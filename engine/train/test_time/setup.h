// What test-time training starts from: options, checked and made complete -> vocabulary, tokens, windows, chunks, and
// how the model is held in memory.
#pragma once

#include "train/setup.h"
#include "train/test_time/chunks.h"
#include "tritium/test_time_training.hpp"

namespace tritium::training {

struct TestTimeSetup {
  Setup run;  // the model, its vocabulary and recipe; no text
  // Of what a run of training would be like that learns as this does: memory is planned, and taken, as for that one.
  TrainOptions as_training;
  std::vector<int32_t> tokens;
  int64_t bytes = 0;  // of the text that the scored tokens stand for
  WindowSizes sizes;
  int64_t chunk = 0;
  std::vector<Chunk> chunks;

  // What passes of the model are made for: as many windows at once, of so many tokens that predict the next one.
  int64_t sequences() const { return as_training.micro_batch; }
  int64_t length() const { return as_training.context; }
};

Result<TestTimeSetup> prepare_test_time(const TestTimeOptions& options);

// Chooses how many windows pass through the model at once, and whether their activations are kept, so that it fits into
// `available` bytes (0: unknown). out_of_memory: nothing does.
Status fit_test_time(TestTimeSetup& setup, Backend& backend, uint64_t available);

}  // namespace tritium::training
