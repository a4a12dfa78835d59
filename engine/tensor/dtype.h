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
};

// Bits an element takes.
constexpr int64_t bits_of(DType dtype) {
  switch (dtype) {
    case DType::f32:
    case DType::i32: return 32;
    case DType::f16:
    case DType::bf16: return 16;
    case DType::i8: return 8;
    case DType::trit2: return 2;
  }
  return 0;
}

constexpr std::string_view name_of(DType dtype) {
  switch (dtype) {
    case DType::f32: return "f32";
    case DType::f16: return "f16";
    case DType::bf16: return "bf16";
    case DType::i8: return "i8";
    case DType::i32: return "i32";
    case DType::trit2: return "trit2";
  }
  return "?";
}

}  // namespace tritium
