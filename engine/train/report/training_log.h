// What a training run tells about its progress: a row for each logged step in <folder>/log.csv and <folder>/log.jsonl.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/growing_file.h"
#include "tritium/training.hpp"

namespace tritium {

// What a row holds of it is in log_record.cpp: not `steps`, `seconds_left`, `zero_percent`,
// `hardness` and `divergence`.
using LogRecord = TrainProgress;

// Without line ends. Numbers are the shortest text that reads back as the same value, in any locale.
std::string csv_header();
std::string csv_row(const LogRecord& record);   // absent values are empty; loads are one field, separated by spaces
std::string json_row(const LogRecord& record);  // RFC 8259; absent values and those that are not finite are null
// corrupt_file: not a row that json_row() wrote. What was null is absent, or NaN where a value is always there.
Result<LogRecord> parse_json_row(std::string_view row);

class TrainingLog {
 public:
  // Goes on with the log of a run that is resumed after `last_step`: rows of later steps are removed, and so is what
  // was half written when the run was interrupted. -1: the log begins anew. Makes the folder if there is none. `run` is
  // the name that rows of log.jsonl get; empty: none.
  static Result<TrainingLog> open(const std::string& folder, int64_t last_step, const std::string& run = {});

  // Both rows are handed to the operating system before the call returns. A row that cannot be written whole is not
  // there; later ones may be.
  Status append(const LogRecord& record);

  // All records of the log, also those before the run was resumed.
  const std::vector<LogRecord>& records() const { return records_; }

 private:
  TrainingLog() = default;

  GrowingFile csv_;
  GrowingFile json_;
  std::string run_;
  std::vector<LogRecord> records_;
};

}  // namespace tritium
