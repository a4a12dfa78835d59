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

 private:
  std::vector<SpecialToken> sorted_;              // by piece
  std::array<uint32_t, 257> first_of_byte_ = {};  // those that begin with byte b: [b] up to [b + 1]
};

}  // namespace tritium
