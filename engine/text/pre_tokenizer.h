// Splits a text into the words that are merged each by itself, by a list of regular expressions.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "text/pattern.h"

namespace tritium {

class PreTokenizer {
 public:
  // `lines`: see Pattern. unsupported: an expression that cannot be used.
  static Result<PreTokenizer> make(const std::vector<std::string>& patterns, bool lines = false);

  // Calls `word` with all of the text, a word after the other. The first pattern splits the text, the second one each
  // piece that the first one left, and so on; what lies between matches is a piece, too. Any bytes: what is not UTF-8
  // is split like U+FFFD.
  void split(std::string_view text, Pattern::Scratch& scratch, const std::function<void(std::string_view)>& word) const;

 private:
  void split_by(size_t pattern, std::string_view text, Pattern::Scratch& scratch,
                const std::function<void(std::string_view)>& word) const;

  std::vector<Pattern> patterns_;
};

}  // namespace tritium
