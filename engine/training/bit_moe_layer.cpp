#include "training/bit_moe_layer.h"

namespace tritium::training {

// The order of the parts is that of model/feed_forward.cpp.
Value BitMoELayer::experts(Tape& tape, const Value& x, const MoeOptions& options, const Tensor& expert_ids) const {
  LinearInput input(x, options.int8_activations);
  const Value gated = input.times(tape, *gate, expert_ids);
  const Value upped = input.times(tape, *up, expert_ids);
  Value hidden = gated_activation(tape, gated, upped, options.activation, options.clamp);
  if (sub_norm) hidden = rms_norm(tape, hidden, *sub_norm, options.rms_eps);
  return LinearInput(hidden, options.int8_activations).times(tape, *down, expert_ids);
}

Value BitMoELayer::forward(Tape& tape, const Value& x, const MoeOptions& options, RouterState* state) const {
  if (!router) return experts(tape, x, options, {});
  const Value logits = LinearInput(x, false).times(tape, *router);
  const Routing routing = route_tokens(tape, logits, options.router);
  if (state) *state = {logits.tensor, routing.load};
  return combine_experts(tape, experts(tape, x, options, routing.expert_ids), routing);
}

std::vector<BitLinear*> BitMoELayer::matrices() const {
  std::vector<BitLinear*> all = {gate, up, down};
  all.insert(all.end(), ple_projections.begin(), ple_projections.end());
  return all;
}

void BitMoELayer::drop_shadow() const {
  for (BitLinear* matrix : matrices()) matrix->drop_shadow();
}

}  // namespace tritium::training
