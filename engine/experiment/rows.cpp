#include "experiment/rows.h"

#include <cmath>
#include <cstdio>

#include "base/format_text.h"
#include "base/input_file.h"
#include "base/json.h"

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
  Result<GrowingFile> opened = GrowingFile::open_alone(path);
  if (!opened.ok()) return opened.status();
  RowFile file(path, *std::move(opened));
  if (Status s = file.read(resume); !s.ok()) return s;
  return file;
}

Status RowFile::read(bool resume) {
  const Result<std::string> text = read_file(path_);
  if (!text.ok()) return text.status();
  int64_t line_number = 0;
  uint64_t whole = 0;
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
    whole = at;
  }
  if (!resume && !rows_.empty())
    return error(StatusCode::invalid_argument, path_, ": has ", rows_.size(),
                 " rows already; resume goes on with them, or remove the file, or name another folder");
  return file_.cut(whole);
}

Status RowFile::append(Row row) {
  if (Status s = file_.append_to_disk(json_of(row) + "\n"); !s.ok()) return s;
  rows_.push_back(std::move(row));
  return Status();
}

}  // namespace tritium::experiment
