// Reads the values of a config.json with their ranges, and keeps the first thing that is wrong. After an error what is
// returned is the lower bound or the default, so that reading can go on safely. A value of null counts as absent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/format_text.h"
#include "base/json.h"
#include "tritium/status.hpp"

namespace tritium {

class ConfigReader {
 public:
  // `place` stands before the names in messages: "rope_scaling.".
  explicit ConfigReader(const Json& json, std::string place = {}) : json_(json), place_(std::move(place)) {}

  const Json* find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  int64_t integer(std::string_view name, int64_t low, int64_t high);
  int64_t integer_or(std::string_view name, int64_t fallback, int64_t low, int64_t high);
  double real(std::string_view name, double low, double high);
  double real_or(std::string_view name, double fallback, double low, double high);
  bool boolean_or(std::string_view name, bool fallback);
  std::string text_or(std::string_view name, const std::string& fallback);
  std::vector<std::string> texts(std::string_view name);  // empty: absent

  // corrupt_file: NAME followed by the problem.
  void require(bool condition, std::string_view name, const std::string& problem);
  // unsupported: the same.
  void refuse(bool condition, std::string_view name, const std::string& problem);
  // What another reader of a part found.
  void take(const Status& status) {
    if (status_.ok()) status_ = status;
  }
  const Status& status() const { return status_; }

 private:
  void fail(StatusCode code, std::string_view name, const std::string& problem);

  const Json& json_;
  std::string place_;
  Status status_;
};

}  // namespace tritium
