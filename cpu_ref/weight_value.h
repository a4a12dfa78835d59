// One element of a weight in any storage type, as float.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "shaders/lib/shadow_code.h"
#include "shaders/lib/ternary.h"
#include "shaders/params/parameter_plane.h"
#include "tensor/dtype.h"
#include "tensor/half.h"

namespace tritium::cpu_ref {

inline int trit_at(std::span<const uint32_t> words, size_t index) {
  return shader::unpack_trit(words[index / 16], static_cast<uint32_t>(index % 16));
}

inline void set_trit(std::span<uint32_t> words, size_t index, int trit) {
  const auto shift = static_cast<uint32_t>(2 * (index % 16));
  words[index / 16] = (words[index / 16] & ~(3u << shift)) | static_cast<uint32_t>(trit + 1) << shift;
}

// Element `index` of a plane of f32, f16 or bf16 values.
inline float dense_value(std::span<const std::byte> plane, DType dtype, size_t index) {
  if (dtype == DType::f32) {
    float value = 0;
    std::memcpy(&value, &plane[4 * index], 4);
    return value;
  }
  uint16_t bits = 0;
  std::memcpy(&bits, &plane[2 * index], 2);
  return dtype == DType::f16 ? f16_to_f32(bits) : bf16_to_f32(bits);
}

// Of a parameter in training.
inline float parameter_value(std::span<const std::byte> values, const ParameterPlane& plane, size_t index) {
  const auto dtype = static_cast<DType>(plane.dtype);
  return dtype == DType::i8 ? shader::shadow_code_value(static_cast<int8_t>(values[index]), plane.code_step)
                            : dense_value(values, dtype, index);
}

}  // namespace tritium::cpu_ref
