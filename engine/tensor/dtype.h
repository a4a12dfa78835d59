// Element types of tensors in host and device memory. (What files hold is format/storage_type.h.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shaders/params/dtype.h"

namespace tritium {

// The values are shared with GLSL (shaders/params/dtype.h).
enum class DType : uint32_t {
  f32 = TRITIUM_DTYPE_F32,
  f16 = TRITIUM_DTYPE_F16,
  bf16 = TRITIUM_DTYPE_BF16,
  i8 = TRITIUM_DTYPE_I8,
  i32 = TRITIUM_DTYPE_I32,
  trit2 = TRITIUM_DTYPE_TRIT2,  // 2-bit codes 0, 1, 2 for -1, 0, +1; 16 to a 32-bit word, first in the low bits
  // Integers with scales, in the blocks of the GGUF ecosystem.
  q8_0 = TRITIUM_DTYPE_Q8_0,  // 32 signed bytes after an f16
  q4_0 = TRITIUM_DTYPE_Q4_0,  // 32 nibbles after an f16
  q4_k = TRITIUM_DTYPE_Q4_K,  // 256 nibbles with 6-bit scales and minima
  q6_k = TRITIUM_DTYPE_Q6_K,  // 256 6-bit values with 8-bit scales
};

// Integers in blocks.
constexpr bool is_packed(DType dtype) { return dtype >= DType::q8_0; }

// Bits an element takes; 0 where that is no whole number.
constexpr int64_t bits_of(DType dtype) {
  switch (dtype) {
    case DType::f32:
    case DType::i32: return 32;
    case DType::f16:
    case DType::bf16: return 16;
    case DType::i8: return 8;
    case DType::trit2: return 2;
    case DType::q8_0:
    case DType::q4_0:
    case DType::q4_k:
    case DType::q6_k: return 0;
  }
  return 0;
}

// Elements and bytes of a block; of what has no blocks, of eight elements.
struct BlockSize {
  int64_t elements, bytes;
};
constexpr BlockSize block_of(DType dtype) {
  switch (dtype) {
    case DType::q8_0: return {32, 34};
    case DType::q4_0: return {32, 18};
    case DType::q4_k: return {256, 144};
    case DType::q6_k: return {256, 210};
    default: return {8, bits_of(dtype)};
  }
}

// Bytes of `n` elements in a row: whole blocks of what has them.
constexpr int64_t bytes_of(DType dtype, int64_t n) {
  const BlockSize block = block_of(dtype);
  return is_packed(dtype) ? n / block.elements * block.bytes : n * bits_of(dtype) / 8;
}

constexpr std::string_view name_of(DType dtype) {
  switch (dtype) {
    case DType::f32: return "f32";
    case DType::f16: return "f16";
    case DType::bf16: return "bf16";
    case DType::i8: return "i8";
    case DType::i32: return "i32";
    case DType::trit2: return "trit2";
    case DType::q8_0: return "q8_0";
    case DType::q4_0: return "q4_0";
    case DType::q4_k: return "q4_k";
    case DType::q6_k: return "q6_k";
  }
  return "?";
}

}  // namespace tritium
