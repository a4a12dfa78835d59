// Looks for texts in a text that comes in pieces, and holds back what may become one of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tritium/status.hpp"

namespace tritium {

// The same text is let through, and the same stop text found, however the text is cut into pieces: the one that ends
// first, of those the longest. Pieces and stop texts are whole UTF-8; so is what is let through.
class StopTexts {
 public:
  // invalid_argument: one that is empty, or not UTF-8.
  static Status check(const std::vector<std::string>& texts);
  explicit StopTexts(const std::vector<std::string>& texts) : texts_(texts) {}

  // What is certain not to belong to a stop text by now; once one is found, what is before it, and then nothing more.
  std::string push(std::string_view piece);
  // What is held back, where the text ends.
  std::string flush();
  // "": none was found.
  const std::string& found() const { return found_; }

 private:
  size_t held_back() const;
  std::vector<std::string> texts_;
  std::string pending_;
  std::string found_;
};

}  // namespace tritium
