// The rows of a study: a file of JSON lines, one for each run, which grows by whole lines that are on the disk before
// the next run begins. What a killed process left of a line is cut off when the file is opened again.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/growing_file.h"
#include "tritium/status.hpp"

namespace tritium::experiment {

using Figures = std::vector<std::pair<std::string, double>>;

struct Row {
  std::string study, arm;
  uint32_t seed = 0;
  std::string identity;  // of options and data: another one is another run
  Figures figures;
  // For people: where and under what the run was.
  std::string machine, settings;  // settings: JSON
  int threads = 0;
  double seconds = 0;

  bool is_run(const std::string& of_arm, uint32_t of_seed, const std::string& of_identity) const {
    return arm == of_arm && seed == of_seed && identity == of_identity;
  }
};

std::string json_of(const Row& row);  // one line, without its end

class RowFile {
 public:
  // resume: reads the rows that are there; else a file with rows is refused. One process at a time.
  static Result<RowFile> open(const std::string& path, bool resume);

  const std::vector<Row>& rows() const { return rows_; }
  // io_error: nothing of the row stays in the file.
  Status append(Row row);

 private:
  RowFile(std::string path, GrowingFile file) : path_(std::move(path)), file_(std::move(file)) {}
  Status read(bool resume);

  std::string path_;
  GrowingFile file_;
  std::vector<Row> rows_;
};

}  // namespace tritium::experiment
