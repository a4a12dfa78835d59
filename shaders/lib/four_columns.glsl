// Rows are read four columns at a time: loads that are asked for together wait together. GLSL only.
#ifndef TRITIUM_LIB_FOUR_COLUMNS_GLSL
#define TRITIUM_LIB_FOUR_COLUMNS_GLSL

#include "grid.glsl"

uvec4 neighbours(uint column) { return column + uvec4(0u, 1u, 2u, 3u); }
// What an invocation reads of columns column, column + kWorkgroup, …
uvec4 columns_apart(uint column) { return column + kWorkgroup * uvec4(0u, 1u, 2u, 3u); }

// Those of an end that is not 0, which can be read.
uvec4 readable(uvec4 columns, uint end) { return min(columns, uvec4(end - 1u)); }
// 0 for those beyond.
vec4 before_end(vec4 values, uvec4 columns, uint end) { return mix(vec4(0.0), values, lessThan(columns, uvec4(end))); }

#endif
