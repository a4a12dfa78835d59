// For kernels that bind their tensors whole.
#pragma once

#include <initializer_list>
#include <string_view>

#include "base/format_text.h"
#include "ops/op.h"
#include "vulkan/recorder.h"

namespace tritium::vulkan {

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
