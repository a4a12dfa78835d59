// What a run starts from: options, made complete -> vocabulary, text, configuration and weights.
#pragma once

#include <memory>

#include "tensor/tensor_map.h"
#include "train/data/corpus.h"
#include "train/optimizers/averages.h"
#include "train/optimizers/optimizer.h"
#include "train/transformer.h"
#include "tritium/training.hpp"

namespace tritium::training {

struct Setup {
  std::unique_ptr<TensorMap> source;  // of the model that is fine-tuned, or freshly drawn weights
  Config config;
  std::unique_ptr<TensorMap> teacher;  // null: none
  Config teacher_config;
  Metadata metadata;  // of the exported file: the architecture's keys and the vocabulary
  std::shared_ptr<const Tokenizer> tokenizer;
  Corpus corpus;
  Recipe recipe;
  int64_t steps = 0;                  // 0: until the minutes are over
  std::vector<std::string> warnings;  // what of the model's file is ignored or unusable
};

// Errors say which option, file or key is wrong and what would do.
Result<Setup> prepare_run(const TrainOptions& options);

Recipe recipe_of(const TrainOptions& options);
Recipe frozen_recipe(const TrainOptions& options);  // of a teacher: as an application runs it
OptimizerOptions optimizer_options_of(const TrainOptions& options);
AverageOptions average_options_of(const TrainOptions& options);

}  // namespace tritium::training
