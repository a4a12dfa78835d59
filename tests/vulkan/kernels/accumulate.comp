// sum[i] += x[i], in place. The workgroup size is specialisation constant 0.
#version 460
layout(local_size_x_id = 0) in;
layout(set = 0, binding = 0, std430) readonly buffer X { float x[]; };
layout(set = 0, binding = 1, std430) buffer Sum { float sum[]; };
layout(push_constant) uniform Push { uint n_values; } push;

void main() {
  const uint i = gl_GlobalInvocationID.x;
  if (i < push.n_values) sum[i] += x[i];
}
