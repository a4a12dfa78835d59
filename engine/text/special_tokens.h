// Tokens that stand in a text as they are written, and are found before the rest of it is merged: user-defined ones in
// every text, control tokens ("</s>") where the application asks for them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tritium {

struct SpecialToken {
  std::string_view piece;
  int32_t id = -1;
  bool control = false;
  // Hugging Face's flags: white space before and after it is taken along; it is one only between what is no word.
  bool strip_left = false;
  bool strip_right = false;
  bool single_word = false;
};

// A stretch of a text: a token, or what has to be merged.
struct TextPart {
  std::string_view text;
  int32_t token = -1;         // -1: text
  bool space_prefix = false;  // a space stands before it, where the vocabulary puts one
};

class SpecialTokens {
 public:
  // Longer ones are not looked for: a search at each byte of a text costs as many steps as the longest one has bytes.
  static constexpr size_t kLongest = 1024;

  SpecialTokens() = default;
  // Of equal pieces the first one counts. The pieces must outlive this.
  explicit SpecialTokens(std::vector<SpecialToken> tokens);

  bool empty() const { return sorted_.empty(); }
  // Of the tokens at the beginning of `text`, the longest; nullptr: none.
  const SpecialToken* longest_at(std::string_view text, bool control_too) const;

  // Appends the parts of a text. From left to right: where tokens begin at the same place the longest one is taken.
  void cut_from_left(std::string_view text, bool control_too, std::vector<TextPart>& parts) const;
  // Longest token first: all of its places in the text, from left to right, before a shorter one is looked for.
  void cut_longest_first(std::string_view text, bool control_too, std::vector<TextPart>& parts) const;

 private:
  std::vector<bool> present(std::string_view text, bool control_too) const;
  template <typename Visit>
  void each_at(std::string_view text, bool control_too, const Visit& visit) const;

  std::vector<SpecialToken> sorted_;              // by piece
  std::array<uint32_t, 257> first_of_byte_ = {};  // those that begin with byte b: [b] up to [b + 1]
};

}  // namespace tritium
