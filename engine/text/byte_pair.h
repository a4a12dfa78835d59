// Byte-level byte-pair vocabularies (`tokenizer.ggml.model` = "gpt2"): a text is split into words, and the bytes of a
// word are merged by a list of pairs, the earliest of the list first. Sennrich et al. 2016, Radford et al. 2019.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "text/encoder.h"
#include "text/pre_tokenizer.h"
#include "text/token_table.h"
#include "tritium/status.hpp"

namespace tritium {

class BytePair : public Encoder {
 public:
  // `merges`: "a b", in the characters of byte_characters.h, cut at the first space after the first character. The
  // table must outlive this.
  BytePair(const TokenTable& table, const std::vector<std::string>& merges, PreTokenizer words, bool ignore_merges);
  static void fill_bytes(TokenTable& table);

  // Any bytes. O(n log n) for a given vocabulary.
  void encode(std::span<const TextPart> parts, std::vector<int32_t>& out) const override;

  // Entries of the list that name no pair: without effect.
  size_t broken_merges() const { return broken_merges_; }

 private:
  // A token's id, or above those what merges make that is no token.
  using SymbolId = int32_t;
  struct Merge {
    uint64_t pair = ~uint64_t{0};  // left symbol << 32 | right symbol; all ones: an empty slot
    int32_t rank = 0;
    SymbolId result = -1;
  };
  struct Work;

  class Symbols;
  void read_merges(const std::vector<std::string>& merges, Symbols& symbols);
  const Merge* find_merge(SymbolId left, SymbolId right) const;
  void add_merge(const Merge& merge);
  void encode_text(std::string_view text, Work& work, std::vector<int32_t>& out) const;
  void encode_word(std::string_view word, Work& work, std::vector<int32_t>& out) const;
  void merge_word(std::string_view word, Work& work, std::vector<int32_t>& out) const;

  PreTokenizer words_;
  std::vector<Merge> merges_;  // a hash table with open addresses, of a power of two of slots, at most half full
  std::array<SymbolId, 256> symbol_of_byte_{};
  std::array<int32_t, 256> token_of_byte_{};                   // -1: none
  std::vector<bool> written_;                                  // [token]: text may become it
  std::unordered_map<std::string_view, int32_t> whole_words_;  // empty unless words that are tokens are not merged
  size_t broken_merges_ = 0;
};

}  // namespace tritium
