#include "train/quantizers/quantizer.h"

#include <cmath>

namespace tritium::training {

Weight float_copy(Ops& ops, const BitLinear& member) {
  Weight copy = member.shadow;
  copy.dtype = DType::f32;
  copy.data = ops.temporary(member.shadow.data.shape);
  return copy;
}

Weight WeightQuantizer::kept_of(Ops& ops, const BitLinear& member) const {
  const auto n = static_cast<int64_t>(std::floor(prune_ * static_cast<double>(member.cols)));
  if (n == 0) return member.shadow;
  Weight kept = float_copy(ops, member);
  ops(Prune{.parameter = member.shadow, .y = kept, .n_pruned = n});
  return kept;
}

FakeQuantize WeightQuantizer::softened(Ops& ops, const BitLinear& member, float lambda, const Tensor& now) const {
  return {.parameter = member.shadow,
          .alpha = alpha_,
          .y = member.effective,
          .quantizer = quantizer_of(member.mode),
          .group_size = member.group_size,
          .lambda = lambda,
          .now = now,
          .bound = bound_,
          .source = prunes() ? kept_of(ops, member).data : Tensor()};
}

}  // namespace tritium::training
