// The workgroup of every kernel; grids longer than a device allows in one dimension are folded into two. GLSL only.
#ifndef TRITIUM_LIB_GRID_GLSL
#define TRITIUM_LIB_GRID_GLSL

const uint kWorkgroup = 128u;  // invocations: what every Vulkan device can run
layout(local_size_x = 128) in;

// Number of this workgroup in a grid folded over x and y; may lie beyond the last one.
uint folded_group() { return gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x; }

// Number of this invocation when every workgroup has `width` of them.
uint folded_invocation(uint width) { return folded_group() * width + gl_LocalInvocationIndex; }

#endif
