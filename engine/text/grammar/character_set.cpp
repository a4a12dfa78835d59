#include "text/grammar/character_set.h"

#include <algorithm>

namespace tritium::grammar {
namespace {

constexpr CodeRange kSurrogates = {0xD800, 0xDFFF};

struct Encoded {
  std::array<uint8_t, 4> bytes{};
  uint32_t length = 0;
};

Encoded encode(uint32_t code) {
  const auto low = [&](uint32_t shift) { return static_cast<uint8_t>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) return {{static_cast<uint8_t>(code)}, 1};
  if (code < 0x800) return {{static_cast<uint8_t>(0xC0 | (code >> 6)), low(0)}, 2};
  if (code < 0x10000) return {{static_cast<uint8_t>(0xE0 | (code >> 12)), low(6), low(0)}, 3};
  return {{static_cast<uint8_t>(0xF0 | (code >> 18)), low(12), low(6), low(0)}, 4};
}

// Splits first … last, all of one length, where a byte before the last `n` would differ while those do not run from 80
// to BF.
void append_range(uint32_t first, uint32_t last, std::vector<ByteSequence>& out) {
  for (uint32_t bits = 6; bits <= 18 && last >= 0x80; bits += 6) {
    const uint32_t mask = (1u << bits) - 1;
    if ((first & ~mask) == (last & ~mask)) continue;
    if ((first & mask) != 0) {
      append_range(first, first | mask, out);
      return append_range((first | mask) + 1, last, out);
    }
    if ((last & mask) != mask) {
      append_range(first, (last & ~mask) - 1, out);
      return append_range(last & ~mask, last, out);
    }
  }
  const Encoded from = encode(first), to = encode(last);
  ByteSequence sequence{.length = from.length};
  for (uint32_t i = 0; i < from.length; ++i) sequence.bytes[i] = {from.bytes[i], to.bytes[i]};
  out.push_back(sequence);
}

}  // namespace

CharacterSet::CharacterSet(std::initializer_list<CodeRange> ranges) {
  for (const CodeRange& r : ranges) add(r.first, r.last);
}

void CharacterSet::insert(uint32_t first, uint32_t last) {
  if (first > last) return;
  const auto begin = std::ranges::find_if(ranges_, [&](const CodeRange& r) { return r.last + 1 >= first; });
  auto end = begin;
  while (end != ranges_.end() && end->first <= last + 1) {
    first = std::min(first, end->first);
    last = std::max(last, end->last);
    ++end;
  }
  ranges_.insert(ranges_.erase(begin, end), {first, last});
}

void CharacterSet::add(uint32_t first, uint32_t last) {
  last = std::min(last, kLastCharacter);
  insert(first, std::min(last, kSurrogates.first - 1));
  insert(std::max(first, kSurrogates.last + 1), last);
}

void CharacterSet::add(const CharacterSet& other) {
  for (const CodeRange& r : other.ranges_) insert(r.first, r.last);
}

CharacterSet CharacterSet::complement() const {
  CharacterSet rest;
  uint32_t next = 0;
  for (const CodeRange& r : ranges_) {
    if (r.first > next) rest.add(next, r.first - 1);
    next = r.last + 1;
  }
  if (next <= kLastCharacter) rest.add(next, kLastCharacter);
  return rest;
}

// A \ B = ¬(¬A ∪ B)
CharacterSet CharacterSet::without(const CharacterSet& other) const {
  CharacterSet outside = complement();
  outside.add(other);
  return outside.complement();
}

bool CharacterSet::contains(uint32_t code) const {
  return std::ranges::any_of(ranges_, [&](const CodeRange& r) { return r.first <= code && code <= r.last; });
}

std::vector<ByteSequence> utf8_sequences(const CharacterSet& characters) {
  constexpr std::array<CodeRange, 4> kLengths = {
      {{0, 0x7F}, {0x80, 0x7FF}, {0x800, 0xFFFF}, {0x10000, kLastCharacter}}};
  std::vector<ByteSequence> out;
  for (const CodeRange& r : characters.ranges())
    for (const CodeRange& length : kLengths) {
      const uint32_t first = std::max(r.first, length.first), last = std::min(r.last, length.last);
      if (first <= last) append_range(first, last, out);
    }
  return out;
}

}  // namespace tritium::grammar
