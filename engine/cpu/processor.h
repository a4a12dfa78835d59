// What this processor and this system offer beyond what the compiler's __builtin_cpu_supports() knows everywhere.
#pragma once

namespace tritium::cpu {

// 256-bit sums of byte products without AVX-512. Of a processor that has AVX2.
bool has_avx_vnni();

// Dot products of bytes on ARM, and products of 2 x 8 matrices of bytes.
bool has_neon_dot();
bool has_neon_i8mm();

// AMX's tiles with byte products. Linux gives a process their registers when it asks, which is done once.
enum class Tiles { none, refused, usable };
Tiles int8_tiles();

}  // namespace tritium::cpu
