// Negative log-likelihood of a text by sliding windows.
#include <algorithm>
#include <cmath>
#include <functional>

#include "api/state.h"
#include "base/cancel.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "text/sliding_windows.h"

namespace tritium {
namespace {

// -log softmax(logits)[target]
double nll_of(std::span<const float> logits, int32_t target) {
  const double largest = *std::ranges::max_element(logits);
  double sum = 0;
  for (float logit : logits) sum += std::exp(logit - largest);
  return largest + std::log(sum) - logits[static_cast<size_t>(target)];
}

// Scores tokens[from …] of the window that starts at tokens[0]; the session is rewound first. Logits are asked for a
// part at a time: those of a whole window of a large vocabulary would not fit. `scored` is told how many there are.
Result<double> score_window(Session& session, std::span<const int32_t> window, size_t from, size_t vocab,
                            const std::function<Status(size_t)>& scored) {
  constexpr size_t kRows = 64;
  if (Status status = session.rewind(0); !status.ok()) return status;
  // The token at `from` is predicted by the logits after token from - 1.
  if (from > 1)
    if (auto context = session.evaluate(window.first(from - 1)); !context.ok()) return context.status();
  double nll = 0;
  for (size_t at = from - 1; at + 1 < window.size(); at += kRows) {
    const size_t n = std::min(kRows, window.size() - 1 - at);
    const Result<std::vector<float>> logits = session.evaluate_all(window.subspan(at, n));
    if (!logits.ok()) return logits.status();
    for (size_t i = 0; i < n; ++i) nll += nll_of(std::span(*logits).subspan(i * vocab, vocab), window[at + i + 1]);
    if (Status s = scored(at + n + 1 - from); !s.ok()) return s;
  }
  return nll;
}

}  // namespace

Result<Evaluation> Model::evaluate(std::string_view text, const EvaluationOptions& options) const try {
  if (!state_) return error(StatusCode::invalid_argument, "this model was moved from: use the one it was moved to");
  const CancelScope scope(options.keep_going);
  const std::string& path = state_->info.path;
  const Result<WindowSizes> sizes = window_sizes(options.window, options.stride, state_->config.context_length, path);
  if (!sizes.ok()) return sizes.status();
  const Result<std::vector<int32_t>> tokens = tokenize(text);
  if (!tokens.ok()) return tokens.status();
  if (tokens->size() < 2)
    return error(StatusCode::invalid_argument, "the text has ", tokens->size(), " tokens; at least 2 are needed");
  Result<Session> session =
      create_session({.context = sizes->window, .activations = options.activations, .kv = options.kv});
  if (!session.ok()) return session.status();

  const std::span<const int32_t> all(*tokens);
  const auto vocab = static_cast<size_t>(state_->config.vocab_size);
  double nll = 0;
  const auto tell = [&](size_t so_far) -> Status {
    if (!options.progress || options.progress(static_cast<double>(so_far) / static_cast<double>(all.size())))
      return Status();
    return error(StatusCode::cancelled, "evaluation was cancelled after ", so_far - 1, " tokens");
  };
  if (Status s = tell(1); !s.ok()) return s;
  const SlidingWindows windows(std::ssize(all), *sizes);
  for (int64_t i = 0; i < windows.count(); ++i) {
    const Window w = windows[i];
    const auto begin = static_cast<size_t>(w.begin), scored = static_cast<size_t>(w.scored);
    const Result<double> part = score_window(*session, all.subspan(begin, static_cast<size_t>(w.end) - begin),
                                             scored - begin, vocab, [&](size_t more) { return tell(scored + more); });
    if (!part.ok()) return part.status();
    nll += *part;
  }
  return evaluation_of(nll, std::ssize(all) - 1, state_->tokenizer->bytes_after_first(text, all.front()), path);
} catch (...) {
  return caught();
}

}  // namespace tritium
