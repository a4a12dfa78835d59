#include "train/report/training_log.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <functional>

#include "base/atomic_file.h"
#include "base/format_text.h"

namespace tritium {
namespace {

namespace fs = std::filesystem;

// The whole lines of a file; none if it does not exist. What follows the last line end was only half written.
Result<std::vector<std::string>> whole_lines(const std::string& path) {
  std::vector<std::string> lines;
  std::error_code problem;
  const fs::file_status status = fs::status(path, problem);
  if (status.type() == fs::file_type::not_found) return lines;
  if (status.type() != fs::file_type::regular)
    return error(StatusCode::io_error, path, ": ", problem ? problem.message() : "not a regular file");
  std::ifstream file(path, std::ios::binary);
  if (!file) return error(StatusCode::io_error, path, ": cannot open: ", std::strerror(errno));
  std::string line;
  while (std::getline(file, line) && !file.eof()) lines.push_back(line);
  if (file.bad()) return error(StatusCode::io_error, path, ": cannot read: ", std::strerror(errno));
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

Result<TrainingLog> TrainingLog::open(const std::string& folder, int64_t last_step) {
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) return error(StatusCode::io_error, folder, ": cannot make the folder: ", problem.message());

  TrainingLog log;
  log.csv_.path = (fs::path(folder) / "log.csv").string();
  log.json_.path = (fs::path(folder) / "log.jsonl").string();
  const Status csv = keep_lines(log.csv_.path, csv_header(),
                                [&](const std::string& line) { return is_csv_row_until(line, last_step); });
  if (!csv.ok()) return csv;
  const Status json = keep_lines(log.json_.path, "", [&](const std::string& line) {
    Result<LogRecord> record = parse_json_row(line);
    if (!record.ok() || record->step > last_step) return false;
    log.records_.push_back(*std::move(record));
    return true;
  });
  if (!json.ok()) return json;
  for (File* file : {&log.csv_, &log.json_}) {
    file->stream.open(file->path, std::ios::binary | std::ios::app);
    if (!file->stream) return error(StatusCode::io_error, file->path, ": cannot open: ", std::strerror(errno));
  }
  return log;
}

Status TrainingLog::File::append(const std::string& line) {
  errno = 0;
  stream << line + "\n" << std::flush;
  if (stream) return Status();
  const char* reason = errno ? std::strerror(errno) : "the stream is closed after an earlier failure";
  return error(StatusCode::io_error, path, ": cannot write: ", reason);
}

Status TrainingLog::append(const LogRecord& record) {
  if (Status s = csv_.append(csv_row(record)); !s.ok()) return s;
  if (Status s = json_.append(json_row(record)); !s.ok()) return s;
  records_.push_back(record);
  return Status();
}

}  // namespace tritium
