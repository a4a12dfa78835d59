#include "gpu_report/report.h"

#include "base/atomic_file.h"

namespace tritium::gpu_report {

void Report::put(const std::string& key, Json value) {
  const std::lock_guard lock(mutex_);
  document_[key] = std::move(value);
}

void Report::put(const std::string& section, const std::string& key, Json value) {
  const std::lock_guard lock(mutex_);
  document_["sections"][section][key] = std::move(value);
}

void Report::add_row(const std::string& section, const std::string& table, Json row) {
  const std::lock_guard lock(mutex_);
  document_["sections"][section][table].push_back(std::move(row));
}

Json Report::document() const {
  const std::lock_guard lock(mutex_);
  return document_;
}

// Drivers name devices as they like: what is not UTF-8 is replaced, a report is not lost over it.
Status Report::write_json() const {
  return write_file(json_file(), document().dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Status Report::write_markdown() const { return write_file(markdown_file(), markdown_of(document())); }

}  // namespace tritium::gpu_report
