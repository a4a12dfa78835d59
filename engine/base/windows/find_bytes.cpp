#include "base/find_bytes.h"

#include <vector>

namespace tritium {

// Knuth, Morris & Pratt 1977: after a mismatch the longest beginning of the part that ends here is known already.
size_t find_bytes(std::string_view text, std::string_view part, size_t from) {
  if (from > text.size() || part.size() > text.size() - from) return std::string_view::npos;
  if (part.empty()) return from;
  std::vector<size_t> longest(part.size());  // proper beginning of part[0 … i] that is its end, too
  for (size_t i = 1, n = 0; i < part.size(); ++i) {
    while (n > 0 && part[i] != part[n]) n = longest[n - 1];
    longest[i] = n += part[i] == part[n];
  }
  for (size_t i = from, n = 0; i < text.size(); ++i) {
    while (n > 0 && text[i] != part[n]) n = longest[n - 1];
    n += text[i] == part[n];
    if (n == part.size()) return i + 1 - n;
  }
  return std::string_view::npos;
}

}  // namespace tritium
