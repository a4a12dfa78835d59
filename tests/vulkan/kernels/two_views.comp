// y[0] = x[0] as one word plus x[1..3] as a vector: two views of binding 0. Binding 1 is optional and never read.
#version 460
layout(local_size_x = 1) in;
layout(set = 0, binding = 0, std430) readonly buffer Words { uint words[]; };
layout(set = 0, binding = 0, std430) readonly buffer Vectors { uvec4 vectors[]; };
layout(set = 0, binding = 2, std430) writeonly buffer Y { uint y[]; };
struct Params {
  uint a;
  uint b;
  uint c;
};
layout(push_constant) uniform Push { Params params; };

void main() {
  y[0] = words[0] + vectors[0].y + vectors[0].z + vectors[0].w + params.a + params.b + params.c;
}
