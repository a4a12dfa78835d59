// The report for people, made of the JSON.
#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include "gpu_report/report.h"

namespace tritium::gpu_report {
namespace {

std::string words(std::string key) {
  std::ranges::replace(key, '_', ' ');
  return key;
}

std::string cell(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_number_float()) {
    std::array<char, 32> text{};
    const double number = value.get<double>();
    std::snprintf(text.data(), text.size(), number >= 1000 ? "%.0f" : "%.4g", number);
    return text.data();
  }
  std::string text =
      value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::ranges::replace(text, '|', '/');
  std::ranges::replace(text, '\n', ' ');
  return text;
}

bool is_table(const Json& value) { return value.is_array() && !value.empty() && value.front().is_object(); }

std::vector<std::string> columns_of(const Json& rows) {
  std::vector<std::string> columns;
  for (const Json& row : rows)
    for (const auto& [key, value] : row.items())
      if (std::ranges::find(columns, key) == columns.end()) columns.push_back(key);
  return columns;
}

std::string table_of(const Json& rows) {
  const std::vector<std::string> columns = columns_of(rows);
  std::string head = "|", line = "|", body;
  for (const std::string& column : columns) {
    head += " " + words(column) + " |";
    line += "---|";
  }
  for (const Json& row : rows) {
    body += "|";
    for (const std::string& column : columns) body += " " + (row.contains(column) ? cell(row[column]) : "") + " |";
    body += "\n";
  }
  return head + "\n" + line + "\n" + body;
}

std::string list_of(const Json& values) {
  std::string text;
  for (const Json& value : values) text += (text.empty() ? "" : ", ") + cell(value);
  return text.empty() ? "none" : text;
}

std::string pairs_of(const Json& object) {
  std::string text;
  for (const auto& [key, value] : object.items()) text += (text.empty() ? "" : ", ") + key + " " + cell(value);
  return text.empty() ? "none" : text;
}

// Lists first, then tables.
std::string body_of(const Json& section) {
  std::string scalars, tables;
  for (const auto& [key, value] : section.items()) {
    if (key == "title" || key == "about" || key == "state" || key == "message" || key == "headline") continue;
    if (is_table(value)) {
      tables += "\n" + words(key) + ":\n\n" + table_of(value);
    } else {
      scalars += "* " + words(key) + ": " +
                 (value.is_array()    ? list_of(value)
                  : value.is_object() ? pairs_of(value)
                                      : cell(value)) +
                 "\n";
    }
  }
  return scalars + tables;
}

std::string section_text(const Json& section) {
  const std::string message = section.value("message", "");
  return "\n## " + section.value("title", "") + "\n\n" + section.value("about", "") + "\n\n**" +
         section.value("state", "") + "**" + (message.empty() ? "" : ": " + cell(Json(message))) + "\n\n" +
         body_of(section);
}

// One line a section: what a person looks for first.
std::string summary(const Json& document) {
  Json rows = Json::array();
  for (const auto& [name, section] : document["sections"].items())
    rows.push_back({{"section", section.value("title", name)},
                    {"state", section.value("state", "")},
                    {"seconds", section.contains("seconds") ? section["seconds"] : Json()},
                    {"result", section.value("headline", section.value("message", ""))}});
  return rows.empty() ? "" : "\n" + table_of(rows);
}

}  // namespace

std::string markdown_of(const Json& document) {
  std::string text = "# GPU report: " + document.value("device", "no device") + "\n\n";
  for (const auto& [key, value] : document.items())
    if (key != "sections" && !value.is_structured()) text += "* " + words(key) + ": " + cell(value) + "\n";
  if (document.contains("driver_search")) text += "\n## What was looked for\n\n" + body_of(document["driver_search"]);
  if (!document.contains("sections")) return text;
  text += summary(document);
  for (const auto& [name, section] : document["sections"].items()) text += section_text(section);
  return text;
}

}  // namespace tritium::gpu_report
