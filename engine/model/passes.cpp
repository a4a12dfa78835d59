#include "model/passes.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "model/bigram.h"
#include "model/transformer.h"

namespace tritium {
namespace {

// One decoded token, a whole batch, some that end prompts, and some with guesses.
constexpr size_t kPassesKept = 10;

// The recorded pass of that shape, recorded now if there is none.
Result<Recording*> pass_of(const Config& config, const Weights& weights, ForwardState& state, const PassShape& shape) {
  const auto found = std::ranges::find(state.passes, shape, &RecordedPass::shape);
  if (found != state.passes.end()) {
    std::rotate(state.passes.begin(), found, found + 1);
    return state.passes.front().recording.get();
  }
  Result<std::unique_ptr<Recording>> recording =
      state.workspace->record([&](Ops& ops) { record_pass(ops, config, weights, state, shape); });
  if (!recording.ok()) return recording.status();
  if (state.passes.size() == kPassesKept) state.passes.pop_back();
  state.passes.insert(state.passes.begin(), {shape, *std::move(recording)});
  return state.passes.front().recording.get();
}

Status ready_mailboxes(const Config& config, ForwardState& state, Backend& backend) {
  while (state.experts.size() < config.order.size()) {
    Result<std::unique_ptr<Mailbox>> made = backend.make_mailbox(state.options.batch * config.n_experts_used);
    if (!made.ok()) return made.status();
    state.experts.push_back(*std::move(made));
  }
  return Status();
}

// The hashes of the tokens, each with the one before it: of the pass, or of an earlier one.
void upload_bigrams(Ops& ops, const Config& config, ForwardState& state, std::span<const int32_t> tokens,
                    std::span<const int32_t> rows) {
  std::vector<int32_t> ids;
  for (size_t t = 0; t < tokens.size(); ++t) {
    const int32_t position = rows[2 * t];
    const auto at = static_cast<size_t>(rows[2 * t + 1]) + static_cast<size_t>(position);
    state.history[at] = tokens[t];
    ids.push_back(position == 0 ? static_cast<int32_t>(config.lab.bigram_buckets - 1)
                                : bigram_of(tokens[t], state.history[at - 1], config.lab.bigram_buckets));
  }
  ops.upload(state.tensors.bigrams.view({std::ssize(ids)}), std::as_bytes(std::span(ids)));
}

}  // namespace

Result<Recording*> ready_pass(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
                              const PassShape& shape, std::span<const int32_t> tokens, std::span<const int32_t> rows) {
  if (shape.experts)
    if (Status s = ready_mailboxes(config, state, backend); !s.ok()) return s;
  Result<Recording*> pass = pass_of(config, weights, state, shape);
  if (!pass.ok()) return pass.status();
  const int64_t n = shape.n_tokens, n_logits = shape.n_logits;
  std::vector<int32_t> ids(static_cast<size_t>(n_logits));
  std::iota(ids.begin(), ids.end(), static_cast<int32_t>(n - n_logits));
  Ops ops(backend);
  ops.upload(state.tensors.tokens.view({n}), std::as_bytes(tokens));
  ops.upload(state.tensors.rows.view({n, 2}), std::as_bytes(rows));
  if (state.tensors.bigrams) upload_bigrams(ops, config, state, tokens, rows);
  if (n_logits > 0 && n_logits < n) ops.upload(state.tensors.wanted.view({n_logits}), std::as_bytes(std::span(ids)));
  if (!ops.ok()) return ops.finish();
  return pass;
}

Status run_pass(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
                const PassShape& shape, std::span<const int32_t> tokens, std::span<const int32_t> rows) {
  const Result<Recording*> pass = ready_pass(config, weights, state, backend, shape, tokens, rows);
  return pass.ok() ? (*pass)->run() : pass.status();
}

Status read_experts(const Config& config, const ForwardState& state, const PassShape& shape,
                    std::span<int32_t> experts) {
  if (experts.empty()) return Status();
  const auto used = static_cast<size_t>(config.n_experts_used), of_token = static_cast<size_t>(config.n_choices());
  const size_t n = experts.size() / of_token;
  std::vector<int32_t> chosen(n * used);
  for (size_t step = 0; step < state.experts.size(); ++step) {
    Mailbox& mailbox = *state.experts[step];
    const Result<uint64_t> post = mailbox.post();
    if (!post.ok()) return post.status();
    const int64_t first = (shape.n_tokens - static_cast<int64_t>(n)) * config.n_experts_used;
    if (Status s = mailbox.read(*post, first, chosen); !s.ok()) return s;
    for (size_t t = 0; t < n; ++t)
      std::ranges::copy(std::span(chosen).subspan(t * used, used),
                        experts.subspan(t * of_token + step * used, used).begin());
  }
  return Status();
}

std::span<int32_t> experts_of(const Config& config, std::span<int32_t> experts, size_t n, size_t begin, size_t count) {
  if (experts.empty()) return {};
  const auto of_token = static_cast<size_t>(config.n_choices());
  const size_t first = n - experts.size() / of_token, end = begin + count;
  begin = std::max(begin, first);
  return begin < end ? experts.subspan((begin - first) * of_token, (end - begin) * of_token) : std::span<int32_t>();
}

Status run_again(const Config& config, const Weights& weights, ForwardState& state, const PassShape& shape) {
  const Result<Recording*> pass = pass_of(config, weights, state, shape);
  return pass.ok() ? (*pass)->run() : pass.status();
}

}  // namespace tritium
