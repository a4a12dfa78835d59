#include "text/reply/value_scan.h"

namespace tritium {
namespace {

constexpr size_t kDeepest = 100;  // below JsonLimits::depth

char closing(char c, bool python) {
  if (c == '{') return '}';
  if (c == '[') return ']';
  return c == '(' && python ? ')' : '\0';
}

}  // namespace

ValueScan::Found ValueScan::step(char c) {
  if (quote_ != '\0') {
    if (static_cast<unsigned char>(c) < 0x20) return Found::broken;  // strings have none as it is
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == quote_) {
      quote_ = '\0';
    }
    return Found::goes_on;
  }
  const bool python = notation_ == Notation::python;
  if (const char close = closing(c, python)) {
    if (open_.size() == kDeepest) return Found::broken;
    open_ += close;
  } else if (c == '}' || c == ']' || (python && c == ')')) {
    if (open_.empty() || open_.back() != c) return Found::broken;
    open_.pop_back();
    if (open_.empty()) return Found::end;
  } else if (c == '"' || (python && c == '\'')) {
    quote_ = c;
  }
  return Found::goes_on;
}

}  // namespace tritium
