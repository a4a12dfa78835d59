// What a kernel is bound to: the tensors of its operation in the order of Op::visit.
#pragma once

#include <vector>

#include "ops/op.h"
#include "vulkan/recorder.h"

namespace tritium::vulkan {

// A weight as a kernel reads it.
struct WeightPlanes {
  Binding data;
  Binding scales;  // none of a dense weight
};

// `planes`: of the weight that is read, instead of all of it.
template <typename Op>
std::vector<Binding> bindings_of(const Op& op, const WeightPlanes* planes = nullptr) {
  std::vector<Binding> bindings;
  const auto bind = [&](const Tensor& t, bool written) {
    bindings.push_back({t ? &t : nullptr, written ? Access::write : Access::read});
  };
  Op::visit(op, [&](Role role, const auto& x, auto... scales) {
    const bool written = role != Role::input;
    if constexpr (!std::is_same_v<decltype(x), const Weight&>) {
      bind(x, written);
    } else if (planes) {
      bindings.push_back(planes->data);
      if (sizeof...(scales) > 0) bindings.push_back(planes->scales);
    } else {
      bind(x.data, written);
      (bind(x.scales, written && scales.written), ...);
    }
  });
  return bindings;
}

}  // namespace tritium::vulkan
