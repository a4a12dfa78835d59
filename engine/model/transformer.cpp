#include "model/transformer.h"

#include <algorithm>
#include <string>
#include <vector>

#include "graph/stream.h"
#include "model/passes.h"
#include "model/stream.h"

namespace tritium {
namespace {

// At most logit_rows tokens when all their logits are wanted.
PassShape shape_of(const Config& config, std::span<const int32_t> tokens, Logits wanted) {
  const int64_t n = std::ssize(tokens);
  return {.n_tokens = n,
          .n_logits = wanted == Logits::all    ? n
                      : wanted == Logits::last ? 1
                                               : 0,
          .n_steps = static_cast<int64_t>(config.order.size())};
}

Status run_part(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
                std::span<const int32_t> tokens, TokenPosition first, Logits wanted, std::span<float> out,
                std::span<int32_t> experts) {
  PassShape shape = shape_of(config, tokens, wanted);
  shape.experts = !experts.empty();
  const std::vector<int32_t> rows = rows_from(state, first, shape.n_tokens);
  if (Status s = run_pass(config, weights, state, backend, shape, tokens, rows); !s.ok()) return s;
  const Tensor logits = state.tensors.logits.view({shape.n_logits, config.vocab_size});
  Status done = shape.n_logits == 0 ? backend.submit() : backend.download(logits, std::as_writable_bytes(out));
  return done.ok() ? read_experts(config, state, shape, experts) : done;
}

}  // namespace

void record_pass(Ops& ops, const Config& config, const Weights& weights, const ForwardState& state,
                 const PassShape& shape) {
  Tape tape(ops);
  const PassTensors& t = state.tensors;
  const ModelParameters& model = weights.parameters;
  const Rotation rotation = {
      .rows = t.rows.view({shape.n_tokens, 2}), .cos_sin = state.cos_sin, .pairing = config.rope_pairing};
  const Ops::Label label(ops, "model");
  const StreamInputs inputs = {.tokens = t.tokens.view({shape.n_tokens}),
                               .bigrams = t.bigrams ? t.bigrams.view({shape.n_tokens}) : Tensor(),
                               .rows = rotation.rows,
                               .smear_cache = state.smear_cache};
  Stream stream(tape, config, model, inputs, state.options.activations);
  for (size_t step = 0; step < static_cast<size_t>(shape.n_steps); ++step) {
    const auto i = static_cast<size_t>(config.order[step]);
    const Ops::Label layer_label(ops, "layer" + std::to_string(i));
    const Value x = stream.input_of_step(step);
    const Tensor chosen =
        shape.experts ? state.experts[step]->slots().view({shape.n_tokens, config.n_experts_used}) : Tensor();
    const LayerContext layer{.tape = tape,
                             .config = config,
                             .layer_config = config.layers[i],
                             .parameters = model.layers[i],
                             .cache = &state.caches[step],
                             .rotation = rotation,
                             .activations = state.options.activations,
                             .router = {.expert_ids = chosen},
                             .embeddings = stream.embeddings_of_step(step)};
    stream.end_step(step, transformer_layer(layer, x));
  }
  if (shape.n_logits == 0) return;
  const Value& x = stream.value();
  const Ops::Label head(ops, "head");
  const FixedParameter hidden(as_weight(x.tensor, "hidden"));  // picking rows of a matrix is a look-up, too
  const Value selected =
      shape.n_logits == shape.n_tokens ? x : embedding(tape, hidden, t.wanted.view({shape.n_logits}));
  const Tensor out = shape.hidden ? t.hidden.view({shape.n_logits, config.dim}) : Tensor();
  const Value normed = rms_norm(tape, selected, *model.output_norm, config.rms_eps, out);
  if (shape.hidden) return;
  const Tensor logits = t.logits.view({shape.n_logits, config.vocab_size});
  const Value uncapped = LinearInput(normed, state.options.activations).times(tape, *model.output, {}, logits);
  if (config.lab.logit_cap > 0.0f) soft_cap(tape, uncapped, config.lab.logit_cap, logits);
  const Tensor best = t.best.view({shape.n_logits});
  if (shape.greedy) ops(Argmax{.logits = logits, .ids = best});
  if (shape.chained)
    ops(NextToken{.ids = best, .tokens = inputs.tokens, .rows = rotation.rows, .ring = state.ring->slots()});
  if (shape.candidates > 0)
    ops(TopCandidates{.logits = logits, .candidates = state.candidates->slots().view({1, 2, shape.candidates})});
}

namespace {

// Tokens of a pass: logits of all of them need room.
size_t tokens_at_once(const ForwardState& state, std::span<const int32_t> tokens, Logits wanted) {
  return wanted == Logits::all ? static_cast<size_t>(state.logit_rows) : tokens.size();
}

TokenPosition further(TokenPosition first, size_t n) {
  return {first.position + static_cast<int64_t>(n), first.sequence};
}

}  // namespace

Status forward(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
               std::span<const int32_t> tokens, TokenPosition first, Logits wanted, std::span<float> out,
               std::span<int32_t> experts) {
  const size_t part = tokens_at_once(state, tokens, wanted);
  const auto vocab = static_cast<size_t>(config.vocab_size);
  for (size_t done = 0; done < tokens.size(); done += part) {
    const auto some = tokens.subspan(done, std::min(part, tokens.size() - done));
    const auto logits = wanted == Logits::all ? out.subspan(done * vocab, some.size() * vocab) : out;
    const auto chosen = experts_of(config, experts, tokens.size(), done, some.size());
    if (Status s = run_part(config, weights, state, backend, some, further(first, done), wanted, logits, chosen);
        !s.ok())
      return s;
  }
  return Status();
}

Status forward_together(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
                        std::span<const int32_t> tokens, std::span<const TokenPosition> at, std::span<float> out,
                        std::span<int32_t> experts) {
  const auto part = static_cast<size_t>(state.logit_rows), vocab = static_cast<size_t>(config.vocab_size);
  for (size_t done = 0; done < tokens.size(); done += part) {
    const auto some = tokens.subspan(done, std::min(part, tokens.size() - done));
    std::vector<int32_t> rows;
    for (const TokenPosition& one : at.subspan(done, some.size())) {
      const std::vector<int32_t> row = rows_from(state, one, 1);
      rows.insert(rows.end(), row.begin(), row.end());
    }
    const auto chosen = experts_of(config, experts, tokens.size(), done, some.size());
    PassShape shape = shape_of(config, some, Logits::all);
    shape.experts = !chosen.empty();
    if (Status s = run_pass(config, weights, state, backend, shape, some, rows); !s.ok()) return s;
    const Tensor logits = state.tensors.logits.view({shape.n_logits, config.vocab_size});
    const auto room = std::as_writable_bytes(out.subspan(done * vocab, some.size() * vocab));
    if (Status s = backend.download(logits, room); !s.ok()) return s;
    if (Status s = read_experts(config, state, shape, chosen); !s.ok()) return s;
  }
  return Status();
}

Status forward_hidden(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
                      std::span<const int32_t> tokens, TokenPosition first, Logits wanted, std::span<float> out) {
  const size_t part = tokens_at_once(state, tokens, wanted);
  const auto dim = static_cast<size_t>(config.dim);
  for (size_t done = 0; done < tokens.size(); done += part) {
    const auto some = tokens.subspan(done, std::min(part, tokens.size() - done));
    PassShape shape = shape_of(config, some, wanted);
    shape.hidden = true;
    const std::vector<int32_t> places = rows_from(state, further(first, done), shape.n_tokens);
    if (Status s = run_pass(config, weights, state, backend, shape, some, places); !s.ok()) return s;
    if (shape.n_logits == 0) continue;
    const auto rows = wanted == Logits::all ? out.subspan(done * dim, some.size() * dim) : out;
    const Tensor hidden = state.tensors.hidden.view({shape.n_logits, config.dim});
    if (Status s = backend.download(hidden, std::as_writable_bytes(rows)); !s.ok()) return s;
  }
  return backend.submit();
}

Status forward_greedy(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
                      std::span<const int32_t> tokens, TokenPosition first, std::span<int32_t> best,
                      std::span<int32_t> experts) {
  const PassShape shape = {.n_tokens = std::ssize(tokens),
                           .n_logits = std::ssize(best),
                           .n_steps = std::ssize(config.order),
                           .greedy = true,
                           .experts = !experts.empty()};
  const std::vector<int32_t> rows = rows_from(state, first, shape.n_tokens);
  if (Status s = run_pass(config, weights, state, backend, shape, tokens, rows); !s.ok()) return s;
  if (Status s = backend.download(state.tensors.best.view({shape.n_logits}), std::as_writable_bytes(best)); !s.ok())
    return s;
  return read_experts(config, state, shape, experts);
}

Result<NotFinite> forward_not_finite(const Config& config, const Weights& weights, ForwardState& state,
                                     Backend& backend, std::span<const int32_t> tokens, TokenPosition first,
                                     Logits wanted) {
  const size_t part = tokens_at_once(state, tokens, wanted);
  for (size_t done = 0; done < tokens.size(); done += part) {
    const auto some = tokens.subspan(done, std::min(part, tokens.size() - done));
    const PassShape shape = shape_of(config, some, wanted);
    const Result<Recording*> pass = ready_pass(config, weights, state, backend, shape, some,
                                               rows_from(state, further(first, done), shape.n_tokens));
    if (!pass.ok()) return pass.status();
    Result<NotFinite> found = first_not_finite(backend, (*pass)->program());
    if (!found.ok() || found->has_value()) return found;
  }
  return NotFinite();
}

Status download_logits(const Config& config, const ForwardState& state, Backend& backend, std::span<float> out) {
  const int64_t n = std::ssize(out) / config.vocab_size;
  return backend.download(state.tensors.logits.view({n, config.vocab_size}), std::as_writable_bytes(out));
}

}  // namespace tritium
