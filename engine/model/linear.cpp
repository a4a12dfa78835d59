#include "model/linear.h"

#include <algorithm>

#include "base/checked_math.h"
#include "tensor/ternary_matrix.h"

namespace tritium {

LinearInput::LinearInput(Ops& ops, ForwardState& state, const Adapters& adapters, const Tensor& x,
                         std::initializer_list<const Weight*> weights)
    : ops_(ops), state_(state), adapters_(adapters), x_(x) {
  const bool any_ternary = std::ranges::any_of(weights, [](const Weight* w) { return w->ternary(); });
  const ActivationMode mode = state.options.activations;
  if (!any_ternary || mode == ActivationMode::f32) return;
  const int64_t rows = x.shape[0];
  const int64_t padded = round_up(x.shape[1], TernaryMatrix::kRowAlign);
  q_ = state.quantized.q.view({rows, padded});
  scales_ = state.quantized.scales.view({rows, mode == ActivationMode::int8_per_block ? padded / 256 : 1});
  ops_(QuantizeActivations{.x = x_, .q = q_, .scales = scales_});
}

void LinearInput::product(const Weight& weight, const Tensor& y, const Tensor& expert_ids) const {
  if (!weight.ternary()) {
    ops_(DenseMatmul{.x = x_, .weight = weight, .expert_ids = expert_ids, .y = y});
  } else if (q_) {
    ops_(TernaryMatmul{.q = q_, .scales = scales_, .weight = weight, .expert_ids = expert_ids, .y = y});
  } else {
    ops_(TernaryMatmulF32{.x = x_, .weight = weight, .expert_ids = expert_ids, .y = y});
  }
}

void LinearInput::times(const Weight& weight, const Tensor& y, const Tensor& expert_ids) const {
  product(weight, y, expert_ids);
  const Adapter* adapter = adapters_.find(weight);
  if (!adapter) return;
  const int64_t rows = y.shape[0];
  const Tensor low = state_.act.adapter_low.view({rows, adapter->a.rows});
  const Tensor out = state_.act.adapter_out.view({rows, adapter->b.rows});
  ops_(DenseMatmul{.x = x_, .weight = adapter->a, .expert_ids = expert_ids, .y = low});
  ops_(DenseMatmul{.x = low, .weight = adapter->b, .expert_ids = expert_ids, .y = out});
  ops_(ScaledAdd{.a = y, .b = out, .y = y, .a_scale = 1.0f, .b_scale = adapter->scale});
}

}  // namespace tritium
