// The records of a JSON text, one after another, whatever their layout: one a line (JSON lines), an array of them, or
// values that go over several lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "text/text_reader.h"
#include "tritium/status.hpp"

namespace tritium {

// Records are nested no deeper: JSON libraries call themselves for each level, down to the stack's end.
inline constexpr int kDeepestRecord = 64;

struct JsonExtent {
  enum class State { whole, unfinished, too_deep };
  State state = State::unfinished;
  size_t length = 0;  // of a whole one
};

// Where the JSON value ends with which `text` begins, by its brackets and quotes; its content is not looked at.
JsonExtent json_extent(std::string_view text);

// Does a text whose name does not say so hold JSON: an object, or an array of objects, that can be parsed?
Result<bool> begins_with_json(TextReader& reader);

class JsonRecords {
 public:
  // `named_lines`: by its name the file holds one record a line.
  static Result<JsonRecords> begin(TextReader& reader, bool named_lines);

  // The text of the next record, valid until the next call; nullopt: that was the last one. corrupt_file: an array that
  // is broken or ends early, a record that is too large.
  Result<std::optional<std::string_view>> next();
  bool in_array() const { return layout_ == Layout::array; }
  std::string place() const;  // of the last record: "line 7", "line 7, record 3"

 private:
  enum class Layout { lines, array, values };

  JsonRecords(TextReader& reader, Layout layout) : reader_(&reader), layout_(layout) {}
  Result<std::string_view> grow();
  Result<std::optional<std::string_view>> next_line();
  Result<bool> next_in_array();
  Status skip_blanks();
  Status broken(const std::string& problem) const;

  TextReader* reader_;
  Layout layout_;
  int64_t line_ = 1;         // at which the reader stands
  int64_t record_line_ = 0;  // at which the last record began
  int64_t records_ = 0;
  bool closed_ = false;  // the array
};

}  // namespace tritium
