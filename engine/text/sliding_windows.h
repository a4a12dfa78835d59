// A text scored by windows that slide over it: which tokens each of them scores, and what the sum of the scores means.
#pragma once

#include <cstdint>
#include <string>

#include "tritium/model.hpp"
#include "tritium/status.hpp"

namespace tritium {

// In tokens; complete and possible.
struct WindowSizes {
  int64_t window = 0;  // context and what is scored
  int64_t stride = 0;  // that a window scores, but the first
};

// 0: a window as long as the model's context, at most 4096; a stride of half the window. Errors say what is allowed for
// the model of `source`.
Result<WindowSizes> window_sizes(int64_t window, int64_t stride, int64_t context_length, const std::string& source);

// Places in a text. Tokens [begin, end) are seen, of which [scored, end) are scored.
struct Window {
  int64_t begin = 0, scored = 0, end = 0;
};

// The first window scores all that it holds but the text's first token, which nothing predicts; each later one the next
// `stride` tokens, with as many before them as fit. The last ends with the text and scores what is left: no token
// twice.
class SlidingWindows {
 public:
  SlidingWindows(int64_t tokens, const WindowSizes& sizes) : tokens_(tokens), sizes_(sizes) {}

  int64_t count() const;
  Window operator[](int64_t i) const;

 private:
  int64_t tokens_;
  WindowSizes sizes_;
};

// Of `tokens` scored tokens that stand for `bytes` of text and took `nats` in all. device_error: a perplexity that is
// no number.
Result<Evaluation> evaluation_of(double nats, int64_t tokens, int64_t bytes, const std::string& source);

}  // namespace tritium
