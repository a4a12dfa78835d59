// A text that knows where each of its bytes comes from. What users write must not become control tokens, and what the
// assistant says is learnt: so the marks stay with the bytes when a template cuts, joins or changes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tritium::jinja {

enum Marks : uint8_t { kFromMessages = 1, kOfAssistant = 2 };

class Text {
 public:
  Text() = default;
  explicit Text(std::string bytes, uint8_t marks = 0);

  const std::string& bytes() const { return bytes_; }
  std::string_view view() const { return bytes_; }
  size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

  void append(std::string_view bytes, uint8_t marks = 0);
  void append(const Text& other) { append(other, 0, other.size()); }
  void append(const Text& other, size_t begin, size_t end);
  Text part(size_t begin, size_t end) const;
  // The same marks on other bytes: as they are where nothing moved, else on all of it where any was marked.
  Text changed(std::string bytes) const;
  void mark_all(uint8_t marks);
  uint8_t marks_at(size_t byte) const;
  uint8_t all_marks() const;

  // Bytes up to `end`, from where the run before ended, have the same marks. Without runs nothing is marked.
  struct Run {
    size_t end = 0;
    uint8_t marks = 0;
  };
  const std::vector<Run>& runs() const { return runs_; }

 private:
  void extend(size_t end, uint8_t marks);

  std::string bytes_;
  std::vector<Run> runs_;
};

// Characters of UTF-8 text that is whole, as templates count them.
size_t count_characters(std::string_view text);
// Where character number n begins; the size of the text for those behind it.
size_t offset_of_character(std::string_view text, size_t n);

}  // namespace tritium::jinja
