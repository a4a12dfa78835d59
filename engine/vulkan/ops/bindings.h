// What a kernel is bound to: the tensors of its operation in the order of Op::visit.
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "base/format_text.h"
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

// ---- for kernels that bind their tensors whole

// unsupported when one of them is larger than what a descriptor can see.
inline Status fit_whole(std::string_view op, std::initializer_list<const Tensor*> tensors, const Limits& limits) {
  for (const Tensor* t : tensors)
    if (static_cast<uint64_t>(t->bytes()) > limits.storage_range)
      return error(StatusCode::unsupported, op, ": a tensor ", t->shape.text(), " has ", t->bytes(),
                   " bytes, this device's kernels see at most ", limits.storage_range, " at once");
  return Status();
}

// The same for all tensors of an operation.
template <typename Op>
Status fit_whole(const Op& op, const Limits& limits) {
  Status status;
  each_tensor(op, [&](Role, const Tensor& t) {
    if (status.ok()) status = fit_whole(Op::kName, {&t}, limits);
  });
  return status;
}

}  // namespace tritium::vulkan
