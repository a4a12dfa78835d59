// The arms of the studies: what each run is, as data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tritium/experiment.hpp"

namespace tritium::experiment {

// How an arm is run.
enum class RunKind {
  train,     // trained and validated
  exported,  // also written, packed, and run for its speed
  adapt,     // a model of the source texts, made once a seed, learns the data; both texts are evaluated
  golf,      // golf()
};

struct Arm {
  std::string name, what;
  std::string against;      // the arm that it is compared with, of the same seed; empty: none
  std::string transformer;  // as JSON
  std::string settings;     // of TrainOptions, as JSON, over the study's own
  std::string preset;       // of golf
};

struct Study {
  const char *name, *question;
  const char* main_figure;
  RunKind kind;
  int64_t steps;
  double learning_rate;
  std::vector<Arm> (*arms)(bool smoke);
  const char* own_settings = "{}";  // of every run
};

const std::vector<Study>& study_list();
// What all arms of a study have, as TrainOptions.
TrainOptions settings_of(const Study& study, bool smoke);
// Of the models that adapt: what they are before.
std::string source_model(bool smoke);

}  // namespace tritium::experiment
