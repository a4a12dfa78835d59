#include "train/report/training_log.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <functional>
#include <sstream>

#include "base/atomic_file.h"
#include "base/format_text.h"
#include "base/input_file.h"
#include "base/path.h"

namespace tritium {
namespace {

namespace fs = std::filesystem;

// The whole lines of a file; none if it does not exist. What follows the last line end was only half written.
Result<std::vector<std::string>> whole_lines(const std::string& path) {
  std::vector<std::string> lines;
  std::error_code problem;
  const fs::file_status status = fs::status(path_of(path), problem);
  if (status.type() == fs::file_type::not_found) return lines;
  if (status.type() != fs::file_type::regular)
    return error(StatusCode::io_error, path, ": ", problem ? problem.message() : "not a regular file");
  const Result<std::string> text = read_file(path);
  if (!text.ok()) return text.status();
  std::istringstream file(*text);
  std::string line;
  while (std::getline(file, line) && !file.eof()) lines.push_back(line);
  return lines;
}

// Leaves `header`, if there is one, and those lines to keep.
Status keep_lines(const std::string& path, const std::string& header,
                  const std::function<bool(const std::string&)>& keep) {
  const Result<std::vector<std::string>> before = whole_lines(path);
  if (!before.ok()) return before.status();
  std::string after = header.empty() ? "" : header + "\n";
  for (const std::string& line : *before)
    if (keep(line)) after += line + "\n";
  return write_file(path, after);
}

// A row of as many fields as the header has, of a step up to `last_step`.
bool is_csv_row_until(const std::string& line, int64_t last_step) {
  const std::string header = csv_header();
  int64_t step = -1;
  const auto [end, problem] = std::from_chars(line.data(), line.data() + line.size(), step);
  return problem == std::errc() && end != line.data() + line.size() && *end == ',' && step <= last_step &&
         std::count(line.begin(), line.end(), ',') == std::count(header.begin(), header.end(), ',');
}

}  // namespace

Result<TrainingLog> TrainingLog::open(const std::string& folder, int64_t last_step, const std::string& run) {
  std::error_code problem;
  fs::create_directories(path_of(folder), problem);
  if (problem) return error(StatusCode::io_error, folder, ": cannot make the folder: ", problem.message());

  TrainingLog log;
  log.run_ = run;
  const std::string csv_path = path_in(folder, "log.csv");
  const std::string json_path = path_in(folder, "log.jsonl");
  const Status csv =
      keep_lines(csv_path, csv_header(), [&](const std::string& line) { return is_csv_row_until(line, last_step); });
  if (!csv.ok()) return csv;
  const Status json = keep_lines(json_path, "", [&](const std::string& line) {
    Result<LogRecord> record = parse_json_row(line);
    if (!record.ok() || record->step > last_step) return false;
    log.records_.push_back(*std::move(record));
    return true;
  });
  if (!json.ok()) return json;
  for (const auto& [path, file] : {std::pair{csv_path, &log.csv_}, {json_path, &log.json_}}) {
    Result<GrowingFile> opened = GrowingFile::open(path);
    if (!opened.ok()) return opened.status();
    *file = *std::move(opened);
  }
  return log;
}

Status TrainingLog::append(const LogRecord& record) {
  std::string row = json_row(record);
  if (!run_.empty()) row.insert(row.size() - 1, ",\"run\":\"" + run_ + "\"");
  const Status csv = csv_.append(csv_row(record) + "\n"), json = json_.append(row + "\n");
  if (csv.ok() || json.ok()) records_.push_back(record);
  return csv.ok() ? json : csv;
}

}  // namespace tritium
