#include "train/data/json_records.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/format_text.h"

namespace tritium {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr size_t kLargestRecord = size_t{256} << 20;
constexpr size_t kFirstLook = size_t{64} << 10;

// The text from the first character on that is no blank.
std::string_view trimmed(std::string_view text) {
  const size_t at = text.find_first_not_of(kBlanks);
  return at == std::string_view::npos ? std::string_view() : text.substr(at);
}

// Of a string that begins after its quote: where it ends, its quote included; npos: unfinished.
size_t string_length(std::string_view text) {
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') return at + 1;
    if (text[at] == '\\') ++at;
  }
  return std::string_view::npos;
}

}  // namespace

JsonExtent json_extent(std::string_view text) {
  int depth = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') {
      const size_t n = string_length(text.substr(at + 1));
      if (n == std::string_view::npos) return {};
      at += n;
      if (depth == 0) return {JsonExtent::State::whole, at + 1};
    } else if (c == '{' || c == '[') {
      if (++depth > kDeepestRecord) return {JsonExtent::State::too_deep, 0};
    } else if (c == '}' || c == ']') {
      if (depth <= 1) return {JsonExtent::State::whole, at + static_cast<size_t>(depth)};
      --depth;
    } else if (depth == 0 && (c == ',' || kBlanks.find(c) != std::string_view::npos)) {
      return {JsonExtent::State::whole, at};
    }
  }
  return depth == 0 && !text.empty() ? JsonExtent{JsonExtent::State::whole, text.size()} : JsonExtent{};
}

Result<bool> begins_with_json(TextReader& reader) {
  constexpr size_t kLongestLook = size_t{16} << 20;
  Result<std::string_view> text = reader.ahead(kFirstLook);
  for (;; text = reader.more()) {
    if (!text.ok()) return text.status();
    std::string_view value = trimmed(*text);
    if (value.starts_with('[')) value = trimmed(value.substr(1));
    if (!value.starts_with('{')) return false;
    const JsonExtent extent = json_extent(value);
    if (extent.state == JsonExtent::State::too_deep) return true;
    if (extent.state == JsonExtent::State::whole) return nlohmann::json::accept(value.substr(0, extent.length));
    if (reader.at_end(text->size()) || text->size() > kLongestLook) return false;
  }
}

Result<JsonRecords> JsonRecords::begin(TextReader& reader, bool named_lines) {
  Result<std::string_view> text = reader.ahead(kFirstLook);
  size_t line_end = std::string_view::npos;
  for (;; text = reader.more()) {
    if (!text.ok()) return text.status();
    const std::string_view first = trimmed(*text);
    if (first.starts_with('[')) {
      reader.skip(text->size() - first.size() + 1);
      JsonRecords records(reader, Layout::array);
      records.line_ += std::ranges::count(text->substr(0, text->size() - first.size()), '\n');
      return records;
    }
    line_end = first.find('\n');
    if (line_end == std::string_view::npos && !reader.at_end(text->size()) && text->size() < kLargestRecord) continue;
    const std::string_view line = first.substr(0, line_end);
    const JsonExtent extent = json_extent(line);
    const bool whole = extent.state == JsonExtent::State::whole && trimmed(line.substr(extent.length)).empty();
    const bool opens = line.substr(0, line.find_last_not_of(kBlanks) + 1) == "{";
    return JsonRecords(reader, whole || (named_lines && !opens) ? Layout::lines : Layout::values);
  }
}

Status JsonRecords::broken(const std::string& problem) const {
  return error(StatusCode::corrupt_file, reader_->name(), ": line ", line_, ": ", problem);
}

std::string JsonRecords::place() const {
  const std::string line = join("line ", record_line_);
  return layout_ == Layout::lines ? line : join(line, ", record ", records_);
}

Result<std::string_view> JsonRecords::grow() {
  Result<std::string_view> text = reader_->more();
  if (text.ok() && text->size() > kLargestRecord)
    return broken(join("the record that begins here has more than ", kLargestRecord >> 20, " MiB"));
  return text;
}

Result<std::optional<std::string_view>> JsonRecords::next_line() {
  Result<std::string_view> text = reader_->ahead(1);
  for (;;) {
    if (!text.ok()) return text.status();
    const size_t end = text->find('\n');
    if (end == std::string_view::npos && !reader_->at_end(text->size())) {
      text = grow();
      continue;
    }
    if (text->empty()) return std::optional<std::string_view>();
    const std::string_view line = text->substr(0, end);
    reader_->skip(std::min(line.size() + 1, text->size()));
    record_line_ = line_++;
    if (!trimmed(line).empty()) return std::optional(line);
    text = reader_->ahead(1);
  }
}

Status JsonRecords::skip_blanks() {
  for (;;) {
    const Result<std::string_view> text = reader_->ahead(1);
    if (!text.ok()) return text.status();
    const size_t n = text->size() - trimmed(*text).size();
    line_ += std::ranges::count(text->substr(0, n), '\n');
    reader_->skip(n);
    if (n < text->size() || text->empty()) return Status();
  }
}

// Goes to the next element; false: the array ends.
Result<bool> JsonRecords::next_in_array() {
  Result<std::string_view> text = reader_->ahead(1);
  if (!text.ok()) return text.status();
  if (closed_) return text->empty() ? Result<bool>(false) : broken("more follows the end of the array");
  if (text->empty()) return broken("the file ends within the array");
  const char c = text->front();
  closed_ = c == ']';
  if (closed_ || (c == ',' && records_ > 0)) {
    reader_->skip(1);
    if (Status s = skip_blanks(); !s.ok()) return s;
    return closed_ ? next_in_array() : Result<bool>(true);
  }
  return records_ == 0 ? Result<bool>(true) : broken("a comma is missing between the records of the array");
}

Result<std::optional<std::string_view>> JsonRecords::next() {
  if (layout_ == Layout::lines) return next_line();
  if (Status s = skip_blanks(); !s.ok()) return s;
  if (layout_ == Layout::array) {
    const Result<bool> there = next_in_array();
    if (!there.ok()) return there.status();
    if (!*there) return std::optional<std::string_view>();
  }
  Result<std::string_view> text = reader_->ahead(1);
  for (;; text = grow()) {
    if (!text.ok()) return text.status();
    if (text->empty() && layout_ == Layout::array) return broken("the file ends within the array");
    if (text->empty()) return std::optional<std::string_view>();
    const JsonExtent extent = json_extent(*text);
    const bool touches_end = extent.state == JsonExtent::State::whole && extent.length == text->size();
    if (!reader_->at_end(text->size()) && (extent.state == JsonExtent::State::unfinished || touches_end)) continue;
    // What is broken is left to the parser, which says where.
    const bool whole = extent.state == JsonExtent::State::whole && extent.length > 0;
    const std::string_view record = text->substr(0, whole ? extent.length : text->size());
    reader_->skip(record.size());
    record_line_ = line_;
    line_ += std::ranges::count(record, '\n');
    ++records_;
    return std::optional(record);
  }
}

}  // namespace tritium
