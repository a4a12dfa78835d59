#include "model/decoding.h"

#include <algorithm>

#include "model/passes.h"

namespace tritium {
namespace {

constexpr int64_t kRing = 16;  // more than are ever under way

Status ready_mailbox(std::unique_ptr<Mailbox>& mailbox, Backend& backend, int64_t n) {
  if (mailbox) return Status();
  Result<std::unique_ptr<Mailbox>> made = backend.make_mailbox(n);
  if (!made.ok()) return made.status();
  mailbox = *std::move(made);
  return Status();
}

PassShape one_token(const Config& config) {
  return {.n_tokens = 1, .n_logits = 1, .n_steps = std::ssize(config.order)};
}

}  // namespace

Status TokenChain::send(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
                        int32_t token, TokenPosition at) {
  PassShape shape = one_token(config);
  shape.greedy = shape.chained = true;
  Status run = under_way_.empty()
                   ? run_pass(config, weights, state, backend, shape, {&token, 1}, rows_from(state, at, 1))
                   : run_again(config, weights, state, shape);
  if (!run.ok()) return run;
  const Result<uint64_t> post = state.ring->post();
  if (!post.ok()) return post.status();
  under_way_.push_back({.post = *post, .at = at});
  return Status();
}

Result<int32_t> TokenChain::after(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
                                  int32_t token, TokenPosition at, int64_t wanted) {
  if (!under_way_.empty() && (token != token_ || at != under_way_.front().at)) drop();
  if (Status s = ready_mailbox(state.ring, backend, kRing); !s.ok()) return s;
  const int64_t room = state.options.capacity - at.position;
  const auto passes =
      static_cast<size_t>(std::clamp<int64_t>(std::min(wanted, room), 1, std::min(backend.passes_under_way(), kRing)));
  while (under_way_.size() < passes) {
    TokenPosition next = at;
    if (!under_way_.empty()) next.position = under_way_.back().at.position + 1;
    if (Status s = send(config, weights, state, backend, token, next); !s.ok()) return drop(), s;
  }
  const Pass oldest = under_way_.front();
  under_way_.pop_front();
  int32_t best = -1;
  if (Status s = state.ring->read(oldest.post, oldest.at.position % kRing, {&best, 1}); !s.ok()) return drop(), s;
  if (best < 0) drop();
  token_ = best;
  return best;
}

Status forward_candidates(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
                          int32_t token, TokenPosition at, int64_t n_candidates, std::span<int32_t> candidates,
                          std::span<int32_t> experts) {
  constexpr int64_t kMost = 2 * TopCandidates::kMost;
  if (Status s = ready_mailbox(state.candidates, backend, kMost); !s.ok()) return s;
  PassShape shape = one_token(config);
  shape.candidates = n_candidates;
  shape.experts = !experts.empty();
  if (Status s = run_pass(config, weights, state, backend, shape, {&token, 1}, rows_from(state, at, 1)); !s.ok())
    return s;
  const Result<uint64_t> post = state.candidates->post();
  if (!post.ok()) return post.status();
  if (Status s = state.candidates->read(*post, 0, candidates); !s.ok()) return s;
  return read_experts(config, state, shape, experts);
}

}  // namespace tritium
