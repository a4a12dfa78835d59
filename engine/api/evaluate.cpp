// Negative log-likelihood of a text by sliding windows.
#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include "api/state.h"
#include "base/cancel.h"
#include "base/caught.h"
#include "base/format_text.h"

namespace tritium {
namespace {

constexpr int64_t kDefaultWindow = 4096;

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
  const int64_t longest = state_->config.context_length;
  const int64_t window = options.window == 0 ? std::min(longest, kDefaultWindow) : options.window;
  const int64_t stride = options.stride == 0 ? std::max<int64_t>(1, window / 2) : options.stride;
  if (longest < 2)
    return error(StatusCode::unsupported, state_->info.path,
                 ": a context of one token leaves nothing that a token could be predicted from");
  if (window < 2 || window > longest)
    return error(StatusCode::invalid_argument, "window is ", window, ", must be 2 to ", longest,
                 " tokens for this model");
  if (stride < 1 || stride >= window)
    return error(StatusCode::invalid_argument, "stride is ", stride, ", must be 1 to ", window - 1,
                 " (below the window)");
  const Result<std::vector<int32_t>> tokens = tokenize(text);
  if (!tokens.ok()) return tokens.status();
  if (tokens->size() < 2)
    return error(StatusCode::invalid_argument, "the text has ", tokens->size(), " tokens; at least 2 are needed");
  Result<Session> session = create_session({.context = window, .activations = options.activations, .kv = options.kv});
  if (!session.ok()) return session.status();

  const std::span<const int32_t> all(*tokens);
  const auto vocab = static_cast<size_t>(state_->config.vocab_size);
  double nll = 0;
  size_t scored = 1;  // the first token has nothing to be predicted from
  const auto tell = [&](size_t so_far) -> Status {
    if (!options.progress || options.progress(static_cast<double>(so_far) / static_cast<double>(all.size())))
      return Status();
    return error(StatusCode::cancelled, "evaluation was cancelled after ", so_far - 1, " tokens");
  };
  if (Status s = tell(scored); !s.ok()) return s;
  while (scored < all.size()) {
    // The first window scores all it holds, later ones `stride` tokens with the rest as context.
    const size_t step = scored == 1 ? static_cast<size_t>(window) - 1 : static_cast<size_t>(stride);
    const size_t end = std::min(all.size(), scored + step);
    const size_t begin = end > static_cast<size_t>(window) ? end - static_cast<size_t>(window) : 0;
    const Result<double> part = score_window(*session, all.subspan(begin, end - begin), scored - begin, vocab,
                                             [&](size_t more) { return tell(scored + more); });
    if (!part.ok()) return part.status();
    nll += *part;
    scored = end;
  }

  Evaluation result;
  result.tokens = static_cast<int64_t>(all.size()) - 1;
  // Those of the tokens that were scored.
  result.bytes = static_cast<int64_t>(text.size()) - state_->tokenizer->text_bytes(-1, all.front());
  result.nll = nll / static_cast<double>(result.tokens);
  result.perplexity = std::exp(result.nll);
  if (!std::isfinite(result.perplexity))
    return error(StatusCode::device_error, state_->info.path, ": ", result.nll,
                 " nats a token: the perplexity is larger than any number; this model does not know such text at all");
  result.bits_per_byte = nll / std::numbers::ln2 / static_cast<double>(std::max<int64_t>(1, result.bytes));
  return result;
} catch (...) {
  return caught();
}

}  // namespace tritium
