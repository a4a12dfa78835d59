// Looks for the end of a text earlier in it, from the latest place to the first.
#include "api/guesses.h"

#include <algorithm>
#include <bit>

namespace tritium {
namespace {

constexpr size_t kShortest = 2;  // tokens of an occurrence, from which on guesses are made,
constexpr size_t kWary = 6;      // and after some that were wrong
constexpr size_t kLongest = 16;  // longer ones are as good
constexpr int64_t kFirst = 4;    // tokens guessed at first

}  // namespace

std::vector<int32_t> repeated(std::span<const int32_t> text, size_t shortest, size_t most) {
  size_t longest = 0, after = 0;
  for (size_t end = text.size(); end-- > 1 && longest < kLongest;) {
    // text[end - 1] as the last token of an occurrence.
    if (text[end - 1] != text.back()) continue;
    size_t n = 1;
    while (n < std::min(end, kLongest) && text[end - 1 - n] == text[text.size() - 1 - n]) ++n;
    if (n > longest) longest = n, after = end;
  }
  std::vector<int32_t> guess;
  if (longest < shortest) return guess;
  const size_t period = text.size() - after;
  for (size_t i = 0; i < most; ++i) guess.push_back(i < period ? text[after + i] : guess[i - period]);
  return guess;
}

Guesses::Guesses(int64_t most) : most_(most), length_(std::min(most, kFirst)), shortest_(kShortest) {}

std::vector<int32_t> Guesses::make(std::span<const int32_t> text, int64_t room) const {
  const int64_t n = std::min(length_, room);
  return n > 0 ? repeated(text, shortest_, static_cast<size_t>(n)) : std::vector<int32_t>();
}

void Guesses::learn(int64_t n, int64_t right) {
  // Powers of two: a pass is recorded for each length.
  length_ = right == n ? std::min(most_, 2 * length_)
                       : static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(std::max<int64_t>(right, 1))));
  shortest_ = right > 0 ? kShortest : std::min(shortest_ + 1, kWary);
}

}  // namespace tritium
