// The logs of a run: log.csv, log.jsonl and chart.svg in its folder.
#pragma once

#include <string>
#include <vector>

#include "tritium/training.hpp"

namespace tritium::training {

class TrainingLog {
 public:
  // Keeps rows up to `step` of logs that are there; a last line that was cut off is dropped.
  static Result<TrainingLog> open(const std::string& folder, int64_t step);
  // Adds a row to both logs and draws the chart again.
  Status append(const TrainProgress& row);

 private:
  std::string folder_;
  std::vector<TrainProgress> rows_;  // what the chart shows
};

std::string csv_header();
std::string csv_row(const TrainProgress& row);
std::string json_row(const TrainProgress& row);
// Absent for a line that is no complete row.
std::optional<TrainProgress> parse_json_row(const std::string& line);

// A self-contained SVG: losses, flips, and the load of every expert of every layer over the steps.
std::string training_chart(const std::vector<TrainProgress>& rows);

}  // namespace tritium::training
