#include "text/sliding_windows.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/checked_math.h"
#include "base/format_text.h"

namespace tritium {

Result<WindowSizes> window_sizes(int64_t window, int64_t stride, int64_t context_length, const std::string& source) {
  constexpr int64_t kDefaultWindow = 4096;
  if (context_length < 2)
    return error(StatusCode::unsupported, source,
                 ": a context of one token leaves nothing that a token could be predicted from");
  WindowSizes sizes = {.window = window == 0 ? std::min(context_length, kDefaultWindow) : window, .stride = stride};
  if (sizes.window < 2 || sizes.window > context_length)
    return error(StatusCode::invalid_argument, "window is ", sizes.window, ", must be 2 to ", context_length,
                 " tokens for this model");
  if (stride == 0) sizes.stride = std::max<int64_t>(1, sizes.window / 2);
  if (sizes.stride < 1 || sizes.stride >= sizes.window)
    return error(StatusCode::invalid_argument, "stride is ", sizes.stride, ", must be 1 to ", sizes.window - 1,
                 ": below the window of ", sizes.window,
                 ", for each scored token needs one before it; a smaller stride, or a larger window, is needed");
  return sizes;
}

int64_t SlidingWindows::count() const {
  if (tokens_ < 2) return 0;
  return tokens_ <= sizes_.window ? 1 : 1 + ceil_div(tokens_ - sizes_.window, sizes_.stride);
}

Window SlidingWindows::operator[](int64_t i) const {
  if (i == 0) return {.begin = 0, .scored = 1, .end = std::min(tokens_, sizes_.window)};
  const int64_t scored = sizes_.window + (i - 1) * sizes_.stride;
  const int64_t end = std::min(tokens_, scored + sizes_.stride);
  return {.begin = end - sizes_.window, .scored = scored, .end = end};
}

Result<Evaluation> evaluation_of(double nats, int64_t tokens, int64_t bytes, const std::string& source) {
  Evaluation result = {.nll = nats / static_cast<double>(tokens), .tokens = tokens, .bytes = bytes};
  result.perplexity = std::exp(result.nll);
  if (!std::isfinite(result.perplexity))
    return error(StatusCode::device_error, source, ": ", result.nll,
                 " nats a token: the perplexity is larger than any number; this model does not know such text at all");
  result.bits_per_byte = nats / std::numbers::ln2 / static_cast<double>(std::max<int64_t>(1, bytes));
  return result;
}

}  // namespace tritium
