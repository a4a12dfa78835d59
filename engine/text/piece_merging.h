// Byte-pair merging of counted words, kept up to date a merge at a time: of each pair of neighbours it is known how
// often it occurs and in which words, so that a merge costs as much as the words that it changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/word_counts.h"

namespace tritium {

class PieceMerger {
 public:
  static constexpr int kLongestPiece = 16;  // characters
  // Replacing what stands there once saves nothing.
  static constexpr int64_t kFewest = 2;

  explicit PieceMerger(const std::vector<std::string>& characters);
  // Before the first merge. A word is cut at characters that are not covered.
  void add_word(const CountedWord& word);

  // Makes the most frequent pair a piece; nullptr: none occurs kFewest times. Valid until the next call. Asks
  // check_cancelled(), after which only the destructor may be called.
  const std::string* merge_next();
  int64_t n_tokens() const;  // the words in the pieces so far, without what is not covered

 private:
  // What a piece may be, by word_counts.h.
  enum class Shape : uint8_t { spaces, word, spaced_word, blanks, digit, none };

  // A character, what was merged, or what could be.
  struct Piece {
    std::string text;
    Shape shape = Shape::none;
    uint8_t n_characters = 1;
    bool risen = false;           // its count has grown in this merge
    int32_t rank = -1;            // the number of its merge; -1: a character, or not merged
    int64_t count = 0;            // of places where two neighbours make it
    std::vector<uint32_t> words;  // where it may occur
  };

  // symbols_[first … first + n), and in joins_ what each of them and the next one make.
  struct Word {
    size_t first = 0;
    uint32_t n = 0;
    int64_t count = 0;
  };

  // A piece that could be merged next, with its count when it was put here.
  struct Candidate {
    int64_t count = 0;
    uint32_t piece = 0;
  };

  static Shape joined(const Piece& left, const Piece& right);
  uint32_t join(uint32_t left, uint32_t right);
  void end_word(size_t first, int64_t count);
  void count_join(uint32_t piece, uint32_t word, int64_t by);
  void merge_in_word(uint32_t word, uint32_t piece);
  void merge_at(uint32_t word, uint32_t i);
  bool is_merged(uint32_t piece) const;
  bool less_wanted(const Candidate& a, const Candidate& b) const;
  void propose(uint32_t piece);
  bool take_best(uint32_t& piece);

  std::vector<Piece> pieces_;
  std::unordered_map<std::string, uint32_t> piece_of_text_;
  std::unordered_map<uint64_t, uint32_t> piece_of_pair_;  // left << 32 | right
  std::vector<Word> words_;
  std::vector<uint32_t> symbols_;
  std::vector<uint32_t> joins_;
  std::vector<Candidate> heap_;
  std::vector<uint32_t> risen_;
  int32_t n_merged_ = 0;
};

}  // namespace tritium
