// What a training run tells about its progress: a row for each logged step in <folder>/log.csv and <folder>/log.jsonl.
#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tritium/status.hpp"

namespace tritium {

struct LogRecord {
  int64_t step = 0;
  double train_loss = 0;  // nats a token, mean since the last record
  std::optional<double> valid_loss;
  std::optional<double> bits_per_byte;  // of the held-out text
  double learning_rate = 0;
  double tokens_per_second = 0;
  double gradient_norm = 0;
  double flipped_percent = 0;            // trits that changed since the last record
  std::optional<double> router_entropy;  // mean over the layers with experts
  std::vector<float> expert_load;        // (n_layers, n_experts): which part of a layer's tokens an expert received
  int64_t n_experts = 0;                 // 0: no layer has experts
  double seconds = 0;                    // since training began
};

// Without line ends. Numbers are the shortest text that reads back as the same value, in any locale.
std::string csv_header();
std::string csv_row(const LogRecord& record);   // absent values are empty; loads are one field, separated by spaces
std::string json_row(const LogRecord& record);  // RFC 8259; absent values and those that are not finite are null
// corrupt_file: not a row that json_row() wrote. What was null is absent, or NaN where a value is always there.
Result<LogRecord> parse_json_row(std::string_view row);

class TrainingLog {
 public:
  // Goes on with the log of a run that is resumed after `last_step`: rows of later steps are removed, and so is what
  // was half written when the run was interrupted. -1: the log begins anew. Makes the folder if there is none.
  static Result<TrainingLog> open(const std::string& folder, int64_t last_step);

  // Both rows are handed to the operating system before the call returns.
  Status append(const LogRecord& record);

  // All records of the log, also those before the run was resumed.
  const std::vector<LogRecord>& records() const { return records_; }

 private:
  TrainingLog() = default;

  struct File {
    std::string path;
    std::ofstream stream;

    Status append(const std::string& line);
  };

  File csv_;
  File json_;
  std::vector<LogRecord> records_;
};

}  // namespace tritium
