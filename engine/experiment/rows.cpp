#include "experiment/rows.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>

#include "base/format_text.h"
#include "base/input_file.h"
#include "base/json.h"
#include "base/write_all.h"

namespace tritium::experiment {
namespace {

// As many digits as tell it from its neighbours; what is not finite has no number in JSON.
std::string number(double x) {
  if (!std::isfinite(x)) return "null";
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", x);
  return text;
}

// JSON without its line ends, which within strings are escaped.
std::string in_one_line(const std::string& json) {
  std::string line;
  for (size_t i = 0; i < json.size(); ++i) {
    if (json[i] != '\n') {
      line += json[i];
      continue;
    }
    while (i + 1 < json.size() && json[i + 1] == ' ') ++i;
    if (!line.empty() && line.back() == ',') line += ' ';
  }
  return line;
}

std::string text_of(const Json& row, const char* name) {
  const Json* found = row.find(name);
  return found && found->text() ? *found->text() : "";
}

double number_of(const Json& value) {
  if (value.integer()) return static_cast<double>(*value.integer());
  return value.real() ? *value.real() : NAN;
}

Result<Row> parse_row(std::string_view line) {
  const Result<Json> json = parse_json(line);
  if (!json.ok()) return json.status();
  Row row = {.study = text_of(*json, "study"), .arm = text_of(*json, "arm"), .identity = text_of(*json, "identity")};
  row.machine = text_of(*json, "machine");
  const Json *seed = json->find("seed"), *figures = json->find("figures");
  if (row.study.empty() || row.arm.empty() || row.identity.empty() || !seed || !seed->integer() || !figures ||
      !figures->object())
    return error(StatusCode::corrupt_file, "is no row of a study");
  row.seed = static_cast<uint32_t>(*seed->integer());
  for (const Json::Member& m : *figures->object()) row.figures.emplace_back(m.name, number_of(m.value));
  return row;
}

Status system_error(const std::string& path, const char* what) {
  return error(StatusCode::io_error, path, ": ", what, ": ", std::strerror(errno));
}

}  // namespace

std::string json_of(const Row& r) {
  std::string figures;
  for (const auto& [name, value] : r.figures)
    figures += join(figures.empty() ? "" : ", ", json_quoted(name), ": ", number(value));
  return join("{\"study\": ", json_quoted(r.study), ", \"arm\": ", json_quoted(r.arm), ", \"seed\": ", r.seed,
              ", \"identity\": ", json_quoted(r.identity), ", \"figures\": {", figures,
              "}, \"seconds\": ", number(r.seconds), ", \"threads\": ", r.threads,
              ", \"machine\": ", json_quoted(r.machine),
              ", \"settings\": ", r.settings.empty() ? "{}" : in_one_line(r.settings), "}");
}

Result<RowFile> RowFile::open(const std::string& path, bool resume) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) return system_error(path, "cannot be opened");
  RowFile file(path, descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0)
    return error(StatusCode::invalid_argument, path, ": another process adds rows to it");
  if (Status s = file.read(resume); !s.ok()) return s;
  return file;
}

RowFile::RowFile(RowFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      end_(other.end_),
      rows_(std::move(other.rows_)) {}

RowFile::~RowFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status RowFile::read(bool resume) {
  const Result<std::string> text = read_file(path_);
  if (!text.ok()) return text.status();
  int64_t line_number = 0;
  for (size_t at = 0; at < text->size();) {
    const size_t end = text->find('\n', at);
    if (end == std::string::npos) break;  // of a process that was killed while it wrote
    ++line_number;
    Result<Row> row = parse_row(std::string_view(*text).substr(at, end - at));
    if (!row.ok())
      return error(StatusCode::corrupt_file, path_, ": line ", line_number, ": ", row.message(),
                   "; repair or remove it");
    rows_.push_back(*std::move(row));
    at = end + 1;
    end_ = at;
  }
  if (!resume && !rows_.empty())
    return error(StatusCode::invalid_argument, path_, ": has ", rows_.size(),
                 " rows already; resume goes on with them, or remove the file, or name another folder");
  if (::ftruncate(descriptor_, static_cast<off_t>(end_)) != 0) return system_error(path_, "cannot be cut");
  return Status();
}

Status RowFile::append(Row row) {
  const std::string line = json_of(row) + "\n";
  const bool placed = ::lseek(descriptor_, static_cast<off_t>(end_), SEEK_SET) >= 0;
  if (!placed || !write_all(descriptor_, std::as_bytes(std::span(line))) || ::fsync(descriptor_) != 0) {
    Status problem = system_error(path_, "a row cannot be written");
    if (::ftruncate(descriptor_, static_cast<off_t>(end_)) != 0) return problem.within("and the file cannot be cut");
    return problem;
  }
  end_ += line.size();
  rows_.push_back(std::move(row));
  return Status();
}

}  // namespace tritium::experiment
