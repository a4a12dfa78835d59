// y = x W^T for dense and ternary weights, with low-rank adapters beside them.
#include "model/linear.h"

#include <algorithm>

#include "base/checked_math.h"
#include "tensor/ternary_matrix.h"

namespace tritium {

LinearInput::LinearInput(Ops& ops, const Adapters& adapters, ActivationMode mode, const Tensor& x,
                         std::initializer_list<const Weight*> weights)
    : ops_(ops), adapters_(adapters), x_(x) {
  const bool any_ternary = std::ranges::any_of(weights, [](const Weight* w) { return w->ternary(); });
  if (!any_ternary || mode == ActivationMode::f32) return;
  const int64_t rows = x.shape[0];
  const int64_t padded = round_up(x.shape[1], TernaryMatrix::kRowAlign);
  q_ = ops_.temporary({rows, padded}, DType::i8);
  scales_ = ops_.temporary({rows, mode == ActivationMode::int8_per_block ? padded / 256 : 1});
  ops_(QuantizeActivations{.x = x_, .q = q_, .scales = scales_});
}

Tensor LinearInput::output(const Tensor& x, const Weight& weight, const Tensor& expert_ids) const {
  return ops_.temporary({expert_ids ? expert_ids.elements() : x.shape[0], weight.rows});
}

Tensor LinearInput::dense(const Tensor& x, const Weight& weight, const Tensor& expert_ids) const {
  const Tensor y = output(x, weight, expert_ids);
  ops_(DenseMatmul{.x = x, .weight = weight, .expert_ids = expert_ids, .y = y});
  return y;
}

void LinearInput::product(const Weight& weight, const Tensor& expert_ids, const Tensor& y) const {
  if (!weight.ternary()) {
    ops_(DenseMatmul{.x = x_, .weight = weight, .expert_ids = expert_ids, .y = y});
  } else if (q_) {
    ops_(TernaryMatmul{.q = q_, .scales = scales_, .weight = weight, .expert_ids = expert_ids, .y = y});
  } else {
    ops_(TernaryMatmulF32{.x = x_, .weight = weight, .expert_ids = expert_ids, .y = y});
  }
}

Tensor LinearInput::times(const Weight& weight, const Tensor& expert_ids, const Tensor& into) const {
  const Tensor y = into ? into : output(x_, weight, expert_ids);
  product(weight, expert_ids, y);
  const Adapter* adapter = adapters_.find(weight);
  if (!adapter) return y;
  const Tensor low = dense(x_, adapter->a, expert_ids);
  const Tensor change = dense(low, adapter->b, expert_ids);
  ops_(ScaledAdd{.a = y, .b = change, .y = y, .a_scale = 1.0f, .b_scale = adapter->scale});
  return y;
}

}  // namespace tritium
