// Report: the document that sections fill, and its file of JSON, which is whole after every section.
#pragma once

#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "tritium/status.hpp"

namespace tritium::gpu_report {

using Json = nlohmann::ordered_json;

// Thread rule: any thread (the one that watches the time writes the report when a section hangs).
class Report {
 public:
  explicit Report(std::string folder) : folder_(std::move(folder)) {}

  std::string json_file() const { return folder_ + "/gpu-report.json"; }
  std::string markdown_file() const { return folder_ + "/gpu-report.md"; }

  // A key of the document, of a section, and a row of a table of a section.
  void put(const std::string& key, Json value);
  void put(const std::string& section, const std::string& key, Json value);
  void add_row(const std::string& section, const std::string& table, Json row);

  Status write_json() const;
  Status write_markdown() const;
  Json document() const;

 private:
  std::string folder_;
  mutable std::mutex mutex_;
  Json document_ = Json::object();
};

// The report for people: made of the JSON alone, so both say the same.
std::string markdown_of(const Json& document);

}  // namespace tritium::gpu_report
