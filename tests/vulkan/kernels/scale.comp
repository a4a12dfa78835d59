// y[i] = factor * x[i] + offset. One workgroup computes 64 values; the factor is a specialisation constant.
#version 460
layout(local_size_x = 64) in;
layout(constant_id = 0) const uint kFactor = 1;
layout(set = 0, binding = 0, std430) readonly buffer X { float x[]; };
layout(set = 0, binding = 1, std430) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Push {
  uint n_values;
  float offset;
} push;

void main() {
  const uint i = gl_GlobalInvocationID.x;
  if (i < push.n_values) y[i] = float(kFactor) * x[i] + push.offset;
}
