#include "text/pre_tokenizer.h"

#include <algorithm>

#include "base/cancel.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace tritium {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// The text with U+FFFD for each byte that is not UTF-8, and where those stand in it, in order.
std::string replaced(std::string_view text, std::vector<size_t>& places) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const size_t n = utf8_length(rest);
    if (utf8_state(rest) != Utf8::whole) {
      places.push_back(out.size());
      out += kReplacement;
    } else {
      out += rest.substr(0, n);
    }
    at += n;
  }
  return out;
}

}  // namespace

Result<PreTokenizer> PreTokenizer::make(const std::vector<std::string>& patterns, bool lines) {
  PreTokenizer made;
  for (const std::string& expression : patterns) {
    Result<Pattern> pattern = Pattern::compile(expression, lines);
    if (!pattern.ok()) return pattern.status();
    made.patterns_.push_back(*std::move(pattern));
  }
  return made;
}

void PreTokenizer::split_by(size_t pattern, std::string_view text, Pattern::Scratch& scratch,
                            const std::function<void(std::string_view)>& word) const {
  if (text.empty()) return;
  if (pattern == patterns_.size()) return word(text);
  size_t at = 0;
  while (at < text.size()) {
    const std::optional<Pattern::Match> match = patterns_[pattern].find(text, at, scratch);
    if (!match) break;
    check_cancelled();
    split_by(pattern + 1, text.substr(at, match->begin - at), scratch, word);
    split_by(pattern + 1, text.substr(match->begin, match->end - match->begin), scratch, word);
    at = match->end;
  }
  split_by(pattern + 1, text.substr(at), scratch, word);
}

void PreTokenizer::split(std::string_view text, Pattern::Scratch& scratch,
                         const std::function<void(std::string_view)>& word) const {
  if (is_utf8(text)) return split_by(0, text, scratch, word);
  std::vector<size_t> places;
  const std::string valid = replaced(text, places);
  size_t at = 0;  // in the text as it is
  auto next = places.begin();
  split_by(0, valid, scratch, [&](std::string_view piece) {
    const size_t end = static_cast<size_t>(piece.data() - valid.data()) + piece.size();
    size_t length = piece.size();
    for (; next != places.end() && *next < end; ++next) length -= kReplacement.size() - 1;
    word(text.substr(at, length));
    at += length;
  });
}

}  // namespace tritium
