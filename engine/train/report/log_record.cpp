// The text of a row of the log, and back.
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/format_text.h"
#include "train/report/training_log.h"

namespace tritium {
namespace {

using nlohmann::json;

// Those columns that hold one number, in their order; a row begins with its step and ends with the loads.
struct Column {
  const char* name;
  double LogRecord::*value;  // one of these two
  std::optional<double> LogRecord::*optional;
};
constexpr std::array<Column, 9> kColumns = {{
    {"train_loss", &LogRecord::train_loss, nullptr},
    {"valid_loss", nullptr, &LogRecord::valid_loss},
    {"bits_per_byte", nullptr, &LogRecord::bits_per_byte},
    {"learning_rate", &LogRecord::learning_rate, nullptr},
    {"tokens_per_second", &LogRecord::tokens_per_second, nullptr},
    {"gradient_norm", &LogRecord::gradient_norm, nullptr},
    {"flipped_percent", &LogRecord::flipped_percent, nullptr},
    {"router_entropy", nullptr, &LogRecord::router_entropy},
    {"seconds", &LogRecord::seconds, nullptr},
}};

std::optional<double> value_of(const LogRecord& record, const Column& column) {
  return column.value ? record.*column.value : record.*column.optional;
}

template <typename Number>
std::string shortest(Number value) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return std::string(text.data(), end);
}

template <typename Number>
std::string json_number(Number value) {
  return std::isfinite(value) ? shortest(value) : "null";
}

Status no_row(const std::string& problem) {
  return error(StatusCode::corrupt_file, "no row of a training log: ", problem);
}

Result<LogRecord> record_of(const json& row) {
  const auto step = row.find("step"), n_experts = row.find("n_experts"), loads = row.find("expert_load");
  if (step == row.end() || !step->is_number_integer()) return no_row("\"step\" must be an integer");
  if (n_experts == row.end() || !n_experts->is_number_integer()) return no_row("\"n_experts\" must be an integer");
  if (loads == row.end() || !loads->is_array()) return no_row("\"expert_load\" must be an array");
  LogRecord record{.step = step->get<int64_t>(), .n_experts = n_experts->get<int64_t>()};
  for (const Column& column : kColumns) {
    const auto it = row.find(column.name);
    if (it == row.end() || !(it->is_number() || it->is_null()))
      return no_row(join("\"", column.name, "\" must be a number or null"));
    if (column.value) {
      record.*column.value = it->is_null() ? std::numeric_limits<double>::quiet_NaN() : it->get<double>();
    } else if (it->is_number()) {
      record.*column.optional = it->get<double>();
    }
  }
  for (const json& load : *loads) {
    if (!load.is_number() && !load.is_null()) return no_row("\"expert_load\" must hold numbers");
    record.expert_load.push_back(load.is_null() ? std::numeric_limits<float>::quiet_NaN() : load.get<float>());
  }
  return record;
}

}  // namespace

std::string csv_header() {
  std::string text = "step";
  for (const Column& column : kColumns) text += std::string(",") + column.name;
  return text + ",n_experts,expert_load";
}

std::string csv_row(const LogRecord& record) {
  std::string text = shortest(record.step);
  for (const Column& column : kColumns) {
    const std::optional<double> value = value_of(record, column);
    text += value ? "," + shortest(*value) : ",";
  }
  text += "," + shortest(record.n_experts) + ",";
  for (size_t i = 0; i < record.expert_load.size(); ++i) text += (i ? " " : "") + shortest(record.expert_load[i]);
  return text;
}

std::string json_row(const LogRecord& record) {
  std::string text = "{\"step\":" + shortest(record.step);
  for (const Column& column : kColumns) {
    const std::optional<double> value = value_of(record, column);
    text += std::string(",\"") + column.name + "\":" + (value ? json_number(*value) : "null");
  }
  text += ",\"n_experts\":" + shortest(record.n_experts) + ",\"expert_load\":[";
  for (size_t i = 0; i < record.expert_load.size(); ++i) text += (i ? "," : "") + json_number(record.expert_load[i]);
  return text + "]}";
}

Result<LogRecord> parse_json_row(std::string_view row) {
  const json object = json::parse(row, nullptr, false);
  if (!object.is_object()) return no_row("it is not a JSON object");
  return record_of(object);
}

}  // namespace tritium
