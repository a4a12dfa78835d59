// Texts with marks.
#include "text/jinja/text.h"

#include <algorithm>

namespace tritium::jinja {

Text::Text(std::string bytes, uint8_t marks) : bytes_(std::move(bytes)) {
  if (marks != 0 && !bytes_.empty()) runs_.push_back({bytes_.size(), marks});
}

void Text::extend(size_t end, uint8_t marks) {
  const size_t begin = runs_.empty() ? 0 : runs_.back().end;
  if (end == begin) return;
  if (!runs_.empty() && runs_.back().marks == marks) {
    runs_.back().end = end;
  } else {
    runs_.push_back({end, marks});
  }
}

void Text::append(std::string_view bytes, uint8_t marks) {
  const size_t before = bytes_.size();
  bytes_ += bytes;
  if (runs_.empty() && marks == 0) return;
  if (runs_.empty()) extend(before, 0);
  extend(bytes_.size(), marks);
}

void Text::append(const Text& other, size_t begin, size_t end) {
  const std::string_view bytes = std::string_view(other.bytes_).substr(begin, end - begin);
  if (other.runs_.empty()) return append(bytes, 0);
  auto run = std::upper_bound(other.runs_.begin(), other.runs_.end(), begin,
                              [](size_t at, const Run& r) { return at < r.end; });
  for (size_t at = begin; at < end; ++run) {
    const size_t stop = std::min(run->end, end);
    append(bytes.substr(at - begin, stop - at), run->marks);
    at = stop;
  }
}

Text Text::part(size_t begin, size_t end) const {
  Text result;
  result.append(*this, begin, end);
  return result;
}

Text Text::changed(std::string bytes) const {
  if (bytes.size() != bytes_.size()) return Text(std::move(bytes), all_marks());
  Text result;
  result.bytes_ = std::move(bytes);
  result.runs_ = runs_;
  return result;
}

void Text::mark_all(uint8_t marks) {
  if (bytes_.empty()) return;
  if (runs_.empty()) runs_.push_back({bytes_.size(), 0});
  for (Run& run : runs_) run.marks |= marks;
}

uint8_t Text::marks_at(size_t byte) const {
  const auto run =
      std::upper_bound(runs_.begin(), runs_.end(), byte, [](size_t at, const Run& r) { return at < r.end; });
  return run == runs_.end() ? uint8_t{0} : run->marks;
}

uint8_t Text::all_marks() const {
  uint8_t marks = 0;
  for (const Run& run : runs_) marks |= run.marks;
  return marks;
}

size_t count_characters(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

size_t offset_of_character(std::string_view text, size_t n) {
  size_t at = 0;
  for (; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) continue;
    if (n == 0) return at;
    --n;
  }
  return at;
}

}  // namespace tritium::jinja
