#include "ops/not_finite.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/cancel.h"
#include "base/format_text.h"

namespace tritium {
namespace {

// The named weights among the tensors of an operation: " with blk.2.attn_norm.weight".
template <typename Op>
std::string weights_of(const Op& op) {
  std::string names;
  Op::visit(op, [&](Role, const auto& x, auto...) {
    if constexpr (std::is_same_v<decltype(x), const Weight&>)
      if (!x.name.empty()) names += (names.empty() ? "" : ", ") + x.name;
  });
  return names;
}

// What the tensor holds that is not finite, if anything.
Result<NotFinite> look_at(Backend& backend, const Tensor& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.elements()));
  if (Status s = backend.download(tensor, std::as_writable_bytes(std::span(values))); !s.ok()) return s;
  const auto found = std::ranges::find_if_not(values, [](float v) { return std::isfinite(v); });
  if (found == values.end()) return NotFinite();
  return NotFinite(join(*found, " (value ", found - values.begin(), " of ", tensor.shape.text()));
}

template <typename Op>
Result<NotFinite> run_and_look(Backend& backend, const Op& op, const std::string& place) {
  if (Status s = backend.run(op); !s.ok()) return s;
  // What it stores in a cache has been looked at where it was computed; the rest of the cache belongs to other runs.
  if constexpr (std::is_same_v<Op, StoreKv>) return NotFinite();
  Result<NotFinite> found = NotFinite();
  each_tensor(op, [&](Role role, const Tensor& tensor) {
    if (role == Role::input || tensor.dtype != DType::f32 || !found.ok() || found->has_value()) return;
    found = look_at(backend, tensor);
  });
  if (!found.ok() || !found->has_value()) return found;
  const std::string weights = weights_of(op);
  return NotFinite(join(Op::kName, " in ", place.empty() ? "the pass" : place, " gives ", **found,
                        weights.empty() ? "" : "; it used ", weights, ")"));
}

}  // namespace

Result<NotFinite> first_not_finite(Backend& backend, const Program& program) {
  for (const Program::Step& step : program.steps()) {
    if (cancelled()) return cancelled_status();
    std::string place;
    for (const std::string& label : program.places()[step.place]) place += (place.empty() ? "" : "/") + label;
    Result<NotFinite> found = std::visit([&](const auto& op) { return run_and_look(backend, op, place); }, step.op);
    if (!found.ok() || found->has_value()) return found;
  }
  return NotFinite();
}

bool all_finite(std::span<const float> values) {
  // Of what is not finite, and of that alone, all bits of the exponent are set.
  constexpr uint32_t kExponent = 0x7F800000;
  uint32_t found = 0;
  for (const float value : values) found |= (std::bit_cast<uint32_t>(value) & kExponent) == kExponent;
  return found == 0;
}

}  // namespace tritium
