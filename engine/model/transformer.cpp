#include "model/transformer.h"

#include <algorithm>
#include <string>
#include <vector>

#include "model/layer.h"
#include "model/linear.h"

namespace tritium {
namespace {

void embed(const Weights& weights, ForwardState& state, Ops& ops, std::span<const int32_t> tokens, const Tensor& x) {
  const Tensor ids = state.act.tokens.view({static_cast<int64_t>(tokens.size())});
  ops.upload(ids, std::as_bytes(tokens));
  ops(Embedding{.table = weights.token_embd, .tokens = ids, .y = x});
}

// Picking rows of a matrix is an embedding look-up with the matrix as its table.
void select_rows(ForwardState& state, Ops& ops, const Tensor& matrix, std::span<const int32_t> rows, const Tensor& y) {
  const Tensor ids = state.last_rows.view({static_cast<int64_t>(rows.size())});
  ops.upload(ids, std::as_bytes(rows));
  ops(Embedding{.table = as_weight(matrix, "hidden"), .tokens = ids, .y = y});
}

// Logits of some rows of the last layer's output.
void logits_of(const Config& config, const Weights& weights, ForwardState& state, Ops& ops, const Tensor& x,
               std::span<const int32_t> rows, std::span<float> out) {
  const Ops::Label label(ops, "head");
  const auto n = static_cast<int64_t>(rows.size());
  const Tensor selected = state.selected.view({n, config.dim});
  const Tensor normed = state.selected_normed.view({n, config.dim});
  const Tensor logits = state.logits.view({n, config.vocab_size});
  select_rows(state, ops, x, rows, selected);
  ops(RmsNorm{.x = selected, .weight = weights.output_norm, .y = normed, .eps = config.rms_eps});
  LinearInput(ops, state, weights.adapters, normed, {&weights.output}).times(weights.output, logits);
  ops.download(logits, std::as_writable_bytes(out));
}

}  // namespace

Status forward(const Config& config, const Weights& weights, ForwardState& state, Ops& ops,
               std::span<const int32_t> tokens, int64_t position, Logits wanted, std::span<float> out) {
  const auto n = static_cast<int64_t>(tokens.size());
  const Ops::Label model(ops, "model");
  const Tensor x = state.act.x.view({n, config.dim});
  embed(weights, state, ops, tokens, x);
  std::vector<int32_t> rows;
  for (int64_t t = 0; t < n; ++t) {
    rows.push_back(static_cast<int32_t>(position + t));
    rows.push_back(0);
  }
  ops.upload(state.act.rows, std::as_bytes(std::span(rows)));
  for (size_t i = 0; i < config.layers.size(); ++i) {
    const Ops::Label label(ops, "layer" + std::to_string(i));
    const LayerContext layer{.config = config,
                             .layer_config = config.layers[i],
                             .weights = weights.layers[i],
                             .adapters = weights.adapters,
                             .cache = state.caches[i],
                             .state = state,
                             .ops = ops,
                             .n = n};
    attention_part(layer);
    feed_forward_part(layer);
  }

  for (int64_t first = wanted == Logits::all ? 0 : n - 1; first < n; first += state.logit_rows) {
    rows.clear();
    for (int64_t r = first; r < std::min(n, first + state.logit_rows); ++r) rows.push_back(static_cast<int32_t>(r));
    const auto start = static_cast<size_t>(wanted == Logits::all ? first * config.vocab_size : 0);
    logits_of(config, weights, state, ops, x, rows,
              out.subspan(start, rows.size() * static_cast<size_t>(config.vocab_size)));
  }
  return ops.finish();
}

}  // namespace tritium
