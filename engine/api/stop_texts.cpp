#include "api/stop_texts.h"

#include <algorithm>
#include <utility>

#include "base/format_text.h"
#include "text/utf8.h"

namespace tritium {
namespace {

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    if (utf8_state(text) != Utf8::whole) return false;
    text.remove_prefix(utf8_length(text));
  }
  return true;
}

}  // namespace

Status StopTexts::check(const std::vector<std::string>& texts) {
  for (size_t i = 0; i < texts.size(); ++i)
    if (texts[i].empty() || !is_utf8(texts[i]))
      return error(StatusCode::invalid_argument, "stop text ", i, texts[i].empty() ? " is empty" : " is not UTF-8");
  return Status();
}

// The longest end of what is pending that a stop text may begin with.
size_t StopTexts::held_back() const {
  size_t most = 0;
  for (const std::string& text : texts_)
    for (size_t n = std::min(text.size() - 1, pending_.size()); n > most; --n)
      if (std::string_view(pending_).ends_with(std::string_view(text).substr(0, n))) most = n;
  return most;
}

std::string StopTexts::push(std::string_view piece) {
  if (!found_.empty()) return {};
  pending_ += piece;
  size_t end = std::string::npos;
  for (const std::string& text : texts_) {
    const size_t at = pending_.find(text);
    if (at == std::string::npos) continue;
    const size_t here = at + text.size();
    if (here > end || (here == end && text.size() <= found_.size())) continue;
    end = here;
    found_ = text;
  }
  const size_t sure = found_.empty() ? pending_.size() - held_back() : end - found_.size();
  std::string text = pending_.substr(0, sure);
  pending_.erase(0, found_.empty() ? sure : pending_.size());
  return text;
}

std::string StopTexts::flush() { return std::exchange(pending_, {}); }

}  // namespace tritium
