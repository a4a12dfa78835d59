#include "model/transformer.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "graph/stream.h"
#include "model/bigram.h"
#include "model/stream.h"

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

// The hashes of the tokens, each with the one before it: of the pass, or of an earlier one.
void upload_bigrams(Ops& ops, const Config& config, ForwardState& state, std::span<const int32_t> tokens,
                    int64_t position) {
  std::vector<int32_t> ids;
  for (size_t t = 0; t < tokens.size(); ++t) {
    const size_t at = static_cast<size_t>(position) + t;
    state.history[at] = tokens[t];
    ids.push_back(at == 0 ? static_cast<int32_t>(config.lab.bigram_buckets - 1)
                          : bigram_of(tokens[t], state.history[at - 1], config.lab.bigram_buckets));
  }
  ops.upload(state.tensors.bigrams.view({std::ssize(ids)}), std::as_bytes(std::span(ids)));
}

// The pass of that shape, and its inputs where it looks for them: `tokens`, whose last n_logits ones are those whose
// logits are wanted.
Result<Recording*> ready_pass(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
                              const PassShape& shape, std::span<const int32_t> tokens, int64_t position) {
  Result<Recording*> pass = pass_of(config, weights, state, shape);
  if (!pass.ok()) return pass.status();
  const int64_t n = shape.n_tokens, n_logits = shape.n_logits;
  std::vector<int32_t> rows, ids(static_cast<size_t>(n_logits));
  for (int64_t t = 0; t < n; ++t) {
    rows.push_back(static_cast<int32_t>(position + t));
    rows.push_back(0);
  }
  std::iota(ids.begin(), ids.end(), static_cast<int32_t>(n - n_logits));
  Ops ops(backend);
  ops.upload(state.tensors.tokens.view({n}), std::as_bytes(tokens));
  ops.upload(state.tensors.rows.view({n, 2}), std::as_bytes(std::span(rows)));
  if (state.tensors.bigrams) upload_bigrams(ops, config, state, tokens, position);
  if (n_logits > 0) ops.upload(state.tensors.wanted.view({n_logits}), std::as_bytes(std::span(ids)));
  if (!ops.ok()) return ops.finish();
  return pass;
}

Status run_pass(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
                const PassShape& shape, std::span<const int32_t> tokens, int64_t position) {
  const Result<Recording*> pass = ready_pass(config, weights, state, backend, shape, tokens, position);
  return pass.ok() ? (*pass)->run() : pass.status();
}

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
                std::span<const int32_t> tokens, int64_t position, Logits wanted, std::span<float> out) {
  const PassShape shape = shape_of(config, tokens, wanted);
  if (Status s = run_pass(config, weights, state, backend, shape, tokens, position); !s.ok()) return s;
  if (shape.n_logits == 0) return backend.submit();
  return backend.download(state.tensors.logits.view({shape.n_logits, config.vocab_size}), std::as_writable_bytes(out));
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
    const LayerContext layer{.tape = tape,
                             .config = config,
                             .layer_config = config.layers[i],
                             .parameters = model.layers[i],
                             .cache = &state.caches[step],
                             .rotation = rotation,
                             .activations = state.options.activations,
                             .embeddings = stream.embeddings_of_step(step)};
    stream.end_step(step, transformer_layer(layer, x));
  }
  if (shape.n_logits == 0) return;
  const Value& x = stream.value();
  const Ops::Label head(ops, "head");
  const FixedParameter hidden(as_weight(x.tensor, "hidden"));  // picking rows of a matrix is a look-up, too
  const Value selected = embedding(tape, hidden, t.wanted.view({shape.n_logits}));
  const Tensor out = shape.hidden ? t.hidden.view({shape.n_logits, config.dim}) : Tensor();
  const Value normed = rms_norm(tape, selected, *model.output_norm, config.rms_eps, out);
  if (shape.hidden) return;
  const Tensor logits = t.logits.view({shape.n_logits, config.vocab_size});
  const Value uncapped = LinearInput(normed, state.options.activations).times(tape, *model.output, {}, logits);
  if (config.lab.logit_cap > 0.0f) soft_cap(tape, uncapped, config.lab.logit_cap, logits);
  if (shape.greedy)
    ops(Argmax{.logits = t.logits.view({shape.n_logits, config.vocab_size}), .ids = t.best.view({shape.n_logits})});
}

namespace {

// Tokens of a pass: logits of all of them need room.
size_t tokens_at_once(const ForwardState& state, std::span<const int32_t> tokens, Logits wanted) {
  return wanted == Logits::all ? static_cast<size_t>(state.logit_rows) : tokens.size();
}

}  // namespace

Status forward(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
               std::span<const int32_t> tokens, int64_t position, Logits wanted, std::span<float> out) {
  const size_t part = tokens_at_once(state, tokens, wanted);
  const auto vocab = static_cast<size_t>(config.vocab_size);
  for (size_t done = 0; done < tokens.size(); done += part) {
    const auto some = tokens.subspan(done, std::min(part, tokens.size() - done));
    const auto logits = wanted == Logits::all ? out.subspan(done * vocab, some.size() * vocab) : out;
    const int64_t at = position + static_cast<int64_t>(done);
    if (Status s = run_part(config, weights, state, backend, some, at, wanted, logits); !s.ok()) return s;
  }
  return Status();
}

Status forward_hidden(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
                      std::span<const int32_t> tokens, int64_t position, Logits wanted, std::span<float> out) {
  const size_t part = tokens_at_once(state, tokens, wanted);
  const auto dim = static_cast<size_t>(config.dim);
  for (size_t done = 0; done < tokens.size(); done += part) {
    const auto some = tokens.subspan(done, std::min(part, tokens.size() - done));
    PassShape shape = shape_of(config, some, wanted);
    shape.hidden = true;
    const int64_t at = position + static_cast<int64_t>(done);
    if (Status s = run_pass(config, weights, state, backend, shape, some, at); !s.ok()) return s;
    if (shape.n_logits == 0) continue;
    const auto rows = wanted == Logits::all ? out.subspan(done * dim, some.size() * dim) : out;
    const Tensor hidden = state.tensors.hidden.view({shape.n_logits, config.dim});
    if (Status s = backend.download(hidden, std::as_writable_bytes(rows)); !s.ok()) return s;
  }
  return backend.submit();
}

Status forward_greedy(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
                      std::span<const int32_t> tokens, int64_t position, std::span<int32_t> best) {
  const PassShape shape = {.n_tokens = std::ssize(tokens),
                           .n_logits = std::ssize(best),
                           .n_steps = std::ssize(config.order),
                           .greedy = true};
  if (Status s = run_pass(config, weights, state, backend, shape, tokens, position); !s.ok()) return s;
  return backend.download(state.tensors.best.view({shape.n_logits}), std::as_writable_bytes(best));
}

Result<NotFinite> forward_not_finite(const Config& config, const Weights& weights, ForwardState& state,
                                     Backend& backend, std::span<const int32_t> tokens, int64_t position,
                                     Logits wanted) {
  const size_t part = tokens_at_once(state, tokens, wanted);
  for (size_t done = 0; done < tokens.size(); done += part) {
    const auto some = tokens.subspan(done, std::min(part, tokens.size() - done));
    const Result<Recording*> pass = ready_pass(config, weights, state, backend, shape_of(config, some, wanted), some,
                                               position + static_cast<int64_t>(done));
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
