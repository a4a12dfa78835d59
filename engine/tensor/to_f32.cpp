// Blocks of integers (Q8_0, Q4_0, Q4_K, Q6_K of the GGUF ecosystem) and halves, decoded.
#include "tensor/to_f32.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "tensor/half.h"

namespace tritium {
namespace {

uint16_t load_u16(const uint8_t* p) {
  uint16_t value = 0;
  std::memcpy(&value, p, 2);
  return value;
}

// 32 signed bytes with one f16 scale before them.
void decode_q8_0(const uint8_t* in, float* y) {
  const float d = f16_to_f32(load_u16(in));
  for (int i = 0; i < 32; ++i) y[i] = d * static_cast<float>(static_cast<int8_t>(in[2 + i]));
}

// 32 nibbles minus 8: the low ones are the first half, the high ones the second.
void decode_q4_0(const uint8_t* in, float* y) {
  const float d = f16_to_f32(load_u16(in));
  for (int i = 0; i < 16; ++i) {
    y[i] = d * static_cast<float>((in[2 + i] & 15) - 8);
    y[16 + i] = d * static_cast<float>((in[2 + i] >> 4) - 8);
  }
}

// Q4_K: d, dmin (f16); eight 6-bit scales and eight 6-bit minima in 12 bytes; 256 4-bit values.
//   value = d * scale * q - dmin * minimum, a scale and a minimum for each 32 values.
void decode_q4_k(const uint8_t* in, float* y) {
  const float d = f16_to_f32(load_u16(in));
  const float dmin = f16_to_f32(load_u16(in + 2));
  const uint8_t* packed = in + 4;
  const uint8_t* q = in + 16;
  for (int j = 0; j < 8; ++j) {
    const int scale = j < 4 ? packed[j] & 63 : (packed[j + 4] & 15) | ((packed[j - 4] >> 6) << 4);
    const int minimum = j < 4 ? packed[j + 4] & 63 : (packed[j + 4] >> 4) | ((packed[j] >> 6) << 4);
    const float step = d * static_cast<float>(scale);
    const float offset = dmin * static_cast<float>(minimum);
    for (int l = 0; l < 32; ++l) {
      const int byte = q[(j / 2) * 32 + l];
      y[j * 32 + l] = step * static_cast<float>(j % 2 == 0 ? byte & 15 : byte >> 4) - offset;
    }
  }
}

// Q6_K: 128 bytes of low nibbles, 64 bytes of high pairs, 16 signed scales, d (f16); value = d * scale * (q - 32).
void decode_q6_k(const uint8_t* in, float* y) {
  const float d = f16_to_f32(load_u16(in + 208));
  for (int half = 0; half < 2; ++half) {
    const uint8_t* low = in + 64 * half;
    const uint8_t* high = in + 128 + 32 * half;
    const uint8_t* scales = in + 192 + 8 * half;
    for (int quarter = 0; quarter < 4; ++quarter)
      for (int l = 0; l < 32; ++l) {
        const int byte = low[l + 32 * (quarter % 2)];
        const int nibble = quarter < 2 ? byte & 15 : byte >> 4;
        const int q = (nibble | (((high[l] >> (2 * quarter)) & 3) << 4)) - 32;
        const auto scale = static_cast<int8_t>(scales[2 * quarter + l / 16]);
        y[128 * half + 32 * quarter + l] = d * static_cast<float>(scale) * static_cast<float>(q);
      }
  }
}

void decode_block(DType dtype, const uint8_t* block, float* values) {
  switch (dtype) {
    case DType::q8_0: return decode_q8_0(block, values);
    case DType::q4_0: return decode_q4_0(block, values);
    case DType::q4_k: return decode_q4_k(block, values);
    default: return decode_q6_k(block, values);
  }
}

}  // namespace

void to_f32(DType dtype, std::span<const std::byte> bytes, std::span<float> values) {
  if (values.empty()) return;
  const auto* in = reinterpret_cast<const uint8_t*>(bytes.data());
  if (dtype == DType::f32) {
    std::memcpy(values.data(), in, values.size_bytes());
  } else if (dtype == DType::f16) {
    for (size_t i = 0; i < values.size(); ++i) values[i] = f16_to_f32(load_u16(in + 2 * i));
  } else if (dtype == DType::bf16) {
    // bf16_to_f32, where compilers see that it is a shift: folders of many GB pass here.
    for (size_t i = 0; i < values.size(); ++i) values[i] = std::bit_cast<float>(uint32_t{load_u16(in + 2 * i)} << 16);
  } else {
    const BlockSize block = block_of(dtype);
    const auto elements = static_cast<size_t>(block.elements);
    for (size_t i = 0; i + elements <= values.size(); i += elements, in += block.bytes)
      decode_block(dtype, in, &values[i]);
  }
}

}  // namespace tritium
