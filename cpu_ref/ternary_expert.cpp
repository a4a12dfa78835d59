#include "cpu_ref/ternary_expert.h"

#include "base/format_text.h"
#include "ops/all.h"

namespace tritium {

Result<TernaryExpert> TernaryExpert::from_weights(std::span<const float> gate, std::span<const float> up,
                                                  std::span<const float> down, int64_t dim, int64_t width) {
  Result<CpuLinear> g = CpuLinear::from_weight(gate, width, dim);
  if (!g.ok()) return g.status().within("gate");
  Result<CpuLinear> u = CpuLinear::from_weight(up, width, dim);
  if (!u.ok()) return u.status().within("up");
  Result<CpuLinear> d = CpuLinear::from_weight(down, dim, width);
  if (!d.ok()) return d.status().within("down");
  return TernaryExpert(*std::move(g), *std::move(u), *std::move(d));
}

Result<TernaryExpert> TernaryExpert::from_linears(CpuLinear gate, CpuLinear up, CpuLinear down) {
  if (up.in_features() != gate.in_features() || up.out_features() != gate.out_features() ||
      down.in_features() != gate.out_features() || down.out_features() != gate.in_features())
    return error(StatusCode::invalid_argument, "gate ", gate.matrix().shape().text(), ", up ",
                 up.matrix().shape().text(), " and down ", down.matrix().shape().text(), " do not make an expert");
  return TernaryExpert(std::move(gate), std::move(up), std::move(down));
}

Result<std::vector<float>> TernaryExpert::forward(std::span<const float> x, int64_t rows, GateActivation activation,
                                                  float clamp, InputPrecision precision) const {
  const Result<std::vector<float>> gate = gate_.forward(x, rows, precision);
  if (!gate.ok()) return gate.status();
  const Result<std::vector<float>> up = up_.forward(x, rows, precision);
  if (!up.ok()) return up.status();
  std::vector<float> hidden(gate->size());
  cpu_ref::gated_activation({.n_values = static_cast<uint32_t>(hidden.size()),
                             .activation = static_cast<uint32_t>(activation),
                             .clamp_at = clamp},
                            *gate, *up, hidden);
  return down_.forward(hidden, rows, precision);
}

}  // namespace tritium
