// Which tokens of a vocabulary are allowed: a bit each.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tritium::grammar {

class TokenMask {
 public:
  TokenMask() = default;
  explicit TokenMask(size_t vocab_size) : words_((vocab_size + 63) / 64) {}

  // False for ids outside the vocabulary.
  bool test(int32_t token) const {
    const size_t word = static_cast<size_t>(token) / 64;
    return token >= 0 && word < words_.size() && ((words_[word] >> (token & 63)) & 1) != 0;
  }
  void set(int32_t token) { words_[static_cast<size_t>(token) / 64] |= uint64_t{1} << (token & 63); }
  void reset(int32_t token) { words_[static_cast<size_t>(token) / 64] &= ~(uint64_t{1} << (token & 63)); }
  size_t count() const {
    size_t n = 0;
    for (const uint64_t word : words_) n += static_cast<size_t>(std::popcount(word));
    return n;
  }
  // Bit token % 64 of word token / 64; what is behind the vocabulary is 0.
  const std::vector<uint64_t>& words() const { return words_; }
  bool operator==(const TokenMask&) const = default;

 private:
  std::vector<uint64_t> words_;
};

}  // namespace tritium::grammar
