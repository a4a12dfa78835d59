// Bindings 0 to 5 of the optimisers (shaders/lib/shadow_row.glsl).
#pragma once

#include "ops/training_args.h"
#include "vulkan/recorder.h"

namespace tritium::vulkan {

struct ShadowBindings {
  explicit ShadowBindings(const ShadowUpdate& s)
      : parameter{&s.parameter.data, Access::read_write},
        sums{given(s.sums), Access::write},
        alpha{given(s.alpha)},
        words{given(s.weight.data), Access::read_write},
        scales{given(s.weight.scales), Access::write},
        flips{given(s.flips), Access::read_write} {}

  Binding parameter, sums, alpha, words, scales, flips;

 private:
  static const Tensor* given(const Tensor& tensor) { return tensor ? &tensor : nullptr; }
};

}  // namespace tritium::vulkan
