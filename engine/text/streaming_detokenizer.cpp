#include "text/streaming_detokenizer.h"

#include "text/tokenizer.h"
#include "text/utf8.h"

namespace tritium {
namespace {
constexpr const char* kReplacement = "\xEF\xBF\xBD";  // U+FFFD
}

StreamingDetokenizer::StreamingDetokenizer(const Tokenizer& tokenizer, bool at_start)
    : tokenizer_(tokenizer), drop_space_(at_start && tokenizer.adds_space_prefix()) {}

std::string StreamingDetokenizer::push(int32_t token) {
  std::string_view bytes = tokenizer_.bytes_of(token);
  if (drop_space_ && !bytes.empty()) {
    if (bytes.front() == ' ') bytes.remove_prefix(1);
    drop_space_ = false;
  }
  pending_ += bytes;
  return take_whole();
}

std::string StreamingDetokenizer::take_whole() {
  std::string text;
  size_t at = 0;
  while (at < pending_.size()) {
    const std::string_view rest = std::string_view(pending_).substr(at);
    const Utf8 state = utf8_state(rest);
    if (state == Utf8::incomplete) break;
    const size_t n = utf8_length(rest);
    text += state == Utf8::whole ? rest.substr(0, n) : std::string_view(kReplacement);
    at += n;
  }
  pending_.erase(0, at);
  return text;
}

std::string StreamingDetokenizer::flush() {
  std::string text;
  for (size_t i = 0; i < pending_.size(); ++i) text += kReplacement;
  pending_.clear();
  return text;
}

}  // namespace tritium
