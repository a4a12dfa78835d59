// What a run starts from: options, made complete -> vocabulary, text, configuration and weights.
#pragma once

#include <memory>
#include <optional>

#include "model/checked_model.h"
#include "train/data/corpus.h"
#include "train/optimizers/averages.h"
#include "train/optimizers/optimizer.h"
#include "train/transformer.h"
#include "tritium/training.hpp"

namespace tritium::training {

struct Setup {
  CheckedModel model;   // that is fine-tuned, or has freshly drawn weights
  Metadata metadata{};  // goes into what is exported: the model's, and the chat template that was asked for
  std::optional<CheckedModel> teacher{};
  std::shared_ptr<const Tokenizer> tokenizer{};
  Corpus corpus{};
  Recipe recipe{};
  int64_t steps = 0;  // 0: until the minutes are over
  std::vector<std::string>
      warnings{};  // what of the model's file is ignored or unusable, and what is known to go wrong
};

// Errors say which option, file or key is wrong and what would do.
Result<Setup> prepare_run(const TrainOptions& options);
// That nothing is written over that is read; prepare_run() looks first.
Status check_files(const TrainOptions& options);

Recipe recipe_of(const TrainOptions& options);
Recipe frozen_recipe(const TrainOptions& options);  // of a teacher: as an application runs it
OptimizerOptions optimizer_options_of(const TrainOptions& options);
// Whether the recipe has weights that become trits.
bool has_ternary(const Recipe& recipe);
AverageOptions average_options_of(const TrainOptions& options);

}  // namespace tritium::training
