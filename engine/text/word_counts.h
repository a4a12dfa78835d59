// The distinct words of a text and how often each occurs: all that byte-pair training needs to know of it.
//
// A piece of a vocabulary is one of
//   spaces   one or more:                               "▁▁▁▁"
//   a word   other characters, after one space or none: "▁the", "ing", "'s,"
//   blanks   tabs and line ends:                        "\n\n", "\t"
//   a digit  of 0 to 9, alone:                          "7"
// and a word of the text is the longest stretch in which a piece can lie: spaces with the word behind them, blanks, a
// digit. So no piece is made of parts of two words, and each can be looked at by itself.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace tritium {

enum class CharacterKind : uint8_t { space, other, blank, digit };

// Of the character at the beginning of `text` (not empty). A space is ' ' or U+2581, by which vocabularies write it.
CharacterKind character_kind(std::string_view text);

// Bytes of the word at the beginning of `text` (not empty). Longer ones than some 1000 bytes are cut.
size_t word_length(std::string_view text);

struct CountedWord {
  std::string_view text;  // as in the text: any bytes
  int64_t count = 0;
};

// Memory grows with the distinct words.
class WordCounts {
 public:
  WordCounts() = default;
  WordCounts(const WordCounts&) = delete;  // the words lie in the store
  WordCounts& operator=(const WordCounts&) = delete;

  // Asks check_cancelled(). `continues`: the text goes on from the one before; else a space is put before it, as the
  // tokenizer will do.
  void add(std::string_view text, bool continues);

  const std::vector<CountedWord>& words() const { return words_; }  // by their first places in the text
  int64_t n_bytes() const { return n_bytes_; }                      // of the texts

 private:
  void add_word(std::string_view word);
  std::string_view keep(std::string_view word);
  void grow();

  std::vector<CountedWord> words_;
  std::vector<uint64_t> hashes_;  // of each word
  std::vector<uint32_t>
      slots_;  // 1 + the word, by hash with linear probing; 0: free. A power of two, at most half full
  std::deque<std::string> store_;  // the bytes of the words, which stay where they are
  int64_t n_bytes_ = 0;
};

}  // namespace tritium
