// Any operation, as the dispatches that it takes.
#pragma once

#include "vulkan/ops/launchers.h"
#include "vulkan/ops/one_dispatch.h"

namespace tritium::vulkan {

template <typename Op>
Status record(Recorder& recorder, const Op& op) {
  if constexpr (requires { workgroups_of(op); }) {
    return launch_one(recorder, op);
  } else {
    return launch(recorder, op);
  }
}

}  // namespace tritium::vulkan
