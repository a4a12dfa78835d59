#include "training/training_log.h"

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/format_text.h"

namespace tritium::training {
namespace {

using nlohmann::json;

json number(double value) { return std::isfinite(value) ? json(value) : json(); }
json number(const std::optional<double>& value) { return value ? number(*value) : json(); }

std::optional<double> optional_at(const json& row, const char* key) {
  const auto found = row.find(key);
  return found != row.end() && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}

std::string path_in(const std::string& folder, const char* name) {
  return (std::filesystem::path(folder) / name).string();
}

Status write_text(const std::string& path, const std::string& text) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file.ok()) return file.status();
  if (Status s = file->write(std::as_bytes(std::span(text))); !s.ok()) return s;
  return file->commit();
}

Status append_text(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::app | std::ios::binary);
  file << text << std::flush;
  if (!file) return error(StatusCode::io_error, path, ": cannot be written");
  return Status();
}

}  // namespace

std::string csv_header() {
  return "step,train_loss,valid_loss,bits_per_byte,learning_rate,gradient_norm,tokens_per_second,flipped_percent,"
         "zero_percent,router_entropy,busiest_expert,idlest_expert,seconds\n";
}

std::string csv_row(const TrainProgress& r) {
  const auto text = [](const std::optional<double>& v) {
    if (!v || !std::isfinite(*v)) return std::string();
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.9g", *v);
    return std::string(digits);
  };
  // Loads as multiples of an equal share.
  std::optional<double> busiest, idlest;
  for (float load : r.expert_load) {
    const double share = double{load} * static_cast<double>(r.n_experts);
    busiest = std::max(busiest.value_or(share), share);
    idlest = std::min(idlest.value_or(share), share);
  }
  std::string row = std::to_string(r.step);
  for (const std::optional<double>& v :
       {std::optional(r.train_loss), r.valid_loss, r.bits_per_byte, std::optional(r.learning_rate),
        std::optional(r.gradient_norm), std::optional(r.tokens_per_second), std::optional(r.flipped_percent),
        std::optional(r.zero_percent), r.router_entropy, busiest, idlest, std::optional(r.seconds)})
    row += "," + text(v);
  return row + "\n";
}

std::string json_row(const TrainProgress& r) {
  return json{{"step", r.step},
              {"train_loss", number(r.train_loss)},
              {"valid_loss", number(r.valid_loss)},
              {"bits_per_byte", number(r.bits_per_byte)},
              {"learning_rate", number(r.learning_rate)},
              {"gradient_norm", number(r.gradient_norm)},
              {"tokens_per_second", number(r.tokens_per_second)},
              {"flipped_percent", number(r.flipped_percent)},
              {"zero_percent", number(r.zero_percent)},
              {"router_entropy", number(r.router_entropy)},
              {"expert_load", r.expert_load},
              {"n_experts", r.n_experts},
              {"seconds", number(r.seconds)}}
             .dump() +
         "\n";
}

std::optional<TrainProgress> parse_json_row(const std::string& line) {
  const json row = json::parse(line, nullptr, false);
  if (row.is_discarded() || !row.is_object() || !row.contains("step") || !row["step"].is_number_integer()) return {};
  TrainProgress r;
  r.step = row["step"];
  r.train_loss = optional_at(row, "train_loss").value_or(NAN);
  r.valid_loss = optional_at(row, "valid_loss");
  r.bits_per_byte = optional_at(row, "bits_per_byte");
  r.learning_rate = optional_at(row, "learning_rate").value_or(0);
  r.gradient_norm = optional_at(row, "gradient_norm").value_or(0);
  r.tokens_per_second = optional_at(row, "tokens_per_second").value_or(0);
  r.flipped_percent = optional_at(row, "flipped_percent").value_or(0);
  r.zero_percent = optional_at(row, "zero_percent").value_or(0);
  r.router_entropy = optional_at(row, "router_entropy");
  r.seconds = optional_at(row, "seconds").value_or(0);
  r.n_experts = static_cast<int64_t>(optional_at(row, "n_experts").value_or(0));
  if (const auto load = row.find("expert_load"); load != row.end() && load->is_array())
    for (const json& value : *load)
      if (value.is_number()) r.expert_load.push_back(value);
  return r;
}

Result<TrainingLog> TrainingLog::open(const std::string& folder, int64_t step) {
  TrainingLog log;
  log.folder_ = folder;
  std::ifstream file(path_in(folder, "log.jsonl"), std::ios::binary);
  for (std::string line; std::getline(file, line);)
    if (std::optional<TrainProgress> row = parse_json_row(line); row && row->step <= step) log.rows_.push_back(*row);
  std::string csv = csv_header(), jsonl;
  for (const TrainProgress& row : log.rows_) csv += csv_row(row), jsonl += json_row(row);
  Status status = write_text(path_in(folder, "log.csv"), csv);
  if (status.ok()) status = write_text(path_in(folder, "log.jsonl"), jsonl);
  if (!status.ok()) return status;
  return log;
}

Status TrainingLog::append(const TrainProgress& row) {
  rows_.push_back(row);
  Status status = append_text(path_in(folder_, "log.csv"), csv_row(row));
  if (status.ok()) status = append_text(path_in(folder_, "log.jsonl"), json_row(row));
  return status.ok() ? write_text(path_in(folder_, "chart.svg"), training_chart(rows_)) : status;
}

}  // namespace tritium::training
