// Sets of Unicode characters, and how UTF-8 writes them: a few sequences of ranges of bytes. Automata over bytes need
// no more, and so a token may end within a character.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace tritium::grammar {

inline constexpr uint32_t kLastCharacter = 0x10FFFF;

struct CodeRange {
  uint32_t first = 0;
  uint32_t last = 0;  // inclusive
  bool operator==(const CodeRange&) const = default;
};

class CharacterSet {
 public:
  CharacterSet() = default;
  CharacterSet(std::initializer_list<CodeRange> ranges);
  static CharacterSet all() { return {{0, kLastCharacter}}; }

  // Surrogates, which are no characters, are left out.
  void add(uint32_t first, uint32_t last);
  void add(const CharacterSet& other);
  CharacterSet complement() const;
  CharacterSet without(const CharacterSet& other) const;
  CharacterSet common_with(const CharacterSet& other) const { return without(other.complement()); }
  bool contains(uint32_t code) const;
  bool empty() const { return ranges_.empty(); }
  const std::vector<CodeRange>& ranges() const { return ranges_; }  // sorted, with gaps between them

 private:
  void insert(uint32_t first, uint32_t last);
  std::vector<CodeRange> ranges_;
};

// Characters whose n-th byte lies in the n-th range, whatever the others are.
struct ByteSequence {
  struct Range {
    uint8_t first = 0;
    uint8_t last = 0;
    bool operator==(const Range&) const = default;
  };
  std::array<Range, 4> bytes{};
  uint32_t length = 0;
};

std::vector<ByteSequence> utf8_sequences(const CharacterSet& characters);

}  // namespace tritium::grammar
