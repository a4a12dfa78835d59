// Guesses at what follows a text, from the text itself: after words that stood there before, what followed them then
// (prompt look-up; Saxena 2023). Without a model, and so for nothing where a text does not repeat itself.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tritium {

// The tokens that followed the latest of the longest earlier occurrences of the text's end, which must have
// `shortest` tokens at least: `most` of them, for a text that repeats its end goes on repeating it; none without such
// an occurrence.
std::vector<int32_t> repeated(std::span<const int32_t> text, size_t shortest, size_t most);

// How many tokens are worth guessing. Each costs a row of the pass that finds out, so guesses are long while they are
// right, and where they are wrong they are short, and want longer occurrences.
class Guesses {
 public:
  explicit Guesses(int64_t most);
  // At most `room`, by the text.
  std::vector<int32_t> make(std::span<const int32_t> text, int64_t room) const;
  int64_t most() const { return most_; }  // that are ever made
  // Of n that were made so many were right.
  void learn(int64_t n, int64_t right);

 private:
  int64_t most_;
  int64_t length_;
  size_t shortest_;
};

}  // namespace tritium
