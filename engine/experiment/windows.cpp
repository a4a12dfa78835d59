#include "experiment/windows.h"

#include <algorithm>
#include <cmath>

#include "base/cancel.h"
#include "base/format_text.h"

namespace tritium::experiment {
namespace {

double nll_of(std::span<const float> logits, int32_t target) {
  const double largest = *std::ranges::max_element(logits);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - largest);
  return largest + std::log(sum) - logits[static_cast<size_t>(target)];
}

}  // namespace

std::vector<Window> separate_windows(int64_t tokens, int64_t inputs) {
  std::vector<Window> windows;
  for (int64_t start = 0; start + 1 < tokens; start += inputs)
    windows.push_back({start, std::min(inputs + 1, tokens - start), 1});
  return windows;
}

std::vector<Window> sliding_windows(int64_t tokens, int64_t size, int64_t stride) {
  std::vector<Window> windows = {{0, std::min(size, tokens), 1}};
  for (int64_t scored = windows[0].size; scored < tokens;) {
    const int64_t end = std::min(tokens, scored + stride), start = end - size;
    windows.push_back({start, size, scored - start});
    scored = end;
  }
  return windows;
}

std::vector<Window> tail_rescoring_windows(int64_t tokens, int64_t size, int64_t stride) {
  std::vector<Window> windows;
  for (int64_t start = 0; start + 1 < tokens; start += stride) {
    const int64_t n = std::min(size, tokens - start);
    windows.push_back({start, n, start == 0 ? 1 : std::max<int64_t>(1, n - stride)});
  }
  return windows;
}

Result<Score> score(const Model& model, std::span<const int32_t> tokens, const std::vector<Window>& windows,
                    const std::function<bool(double)>& went_on) {
  int64_t longest = 2;
  for (const Window& w : windows) longest = std::max(longest, w.size);
  Result<Session> created =
      model.create_session({.context = longest - 1, .activations = Activations::f32, .kv = KvCacheType::f32});
  if (!created.ok()) return created.status();
  Session session = *std::move(created);
  const auto vocab = static_cast<size_t>(model.info().vocab_size);
  Score score;
  for (size_t i = 0; i < windows.size(); ++i) {
    check_cancelled();
    const Window& w = windows[i];
    const auto window = tokens.subspan(static_cast<size_t>(w.start), static_cast<size_t>(w.size));
    if (Status s = session.rewind(0); !s.ok()) return s;
    const Result<std::vector<float>> logits =
        session.evaluate_all(window.first(window.size() - 1), [] { return !cancelled(); });
    if (!logits.ok()) return logits.status();
    for (auto at = static_cast<size_t>(w.first); at < window.size(); ++at)
      score.nats += nll_of(std::span(*logits).subspan((at - 1) * vocab, vocab), window[at]);
    score.tokens += w.size - w.first;
    if (went_on && !went_on(static_cast<double>(i + 1) / static_cast<double>(windows.size())))
      return cancelled_status("the evaluation");
  }
  return score;
}

}  // namespace tritium::experiment
