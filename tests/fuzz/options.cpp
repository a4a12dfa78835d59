// Any bytes as the options of a run: those that are taken are written and read back the same.
#include "tests/fuzz/input.h"
#include "tritium/training.hpp"

void tritium::fuzz::try_input(std::string_view bytes) {
  const Result<TrainOptions> options = train_options_from_json(bytes);
  if (!options.ok()) return;
  const std::string written = train_options_to_json(*options);
  const Result<TrainOptions> again = train_options_from_json(written);
  require(again.ok(), "options that were written are read");
  require(train_options_to_json(*again) == written, "options come back as they were");
}
