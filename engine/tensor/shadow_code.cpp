#include "tensor/shadow_code.h"

#include "shaders/lib/shadow_code.h"

namespace tritium {

static_assert(kMostShadowCode == TRITIUM_MOST_SHADOW_CODE);

int8_t to_shadow_code(float value, float step) { return static_cast<int8_t>(shader::shadow_code_nearest(value, step)); }

float from_shadow_code(int8_t code, float step) { return shader::shadow_code_value(code, step); }

}  // namespace tritium
