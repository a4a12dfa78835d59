// Blocks of floating-point and k-quant formats.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "format/blocks.h"
#include "tensor/half.h"

namespace tritium {
namespace {

// 32 signed bytes with one f16 scale before them.
void decode_q8_0(const uint8_t* in, float* y) {
  const float d = f16_to_f32(load_u16(in));
  for (int i = 0; i < 32; ++i) y[i] = d * static_cast<float>(static_cast<int8_t>(in[2 + i]));
}

void encode_q8_0(const float* x, uint8_t* out) {
  float largest = 0;
  for (int i = 0; i < 32; ++i) largest = std::max(largest, std::abs(x[i]));
  const float d = largest / 127.0f;
  const uint16_t bits = f32_to_f16(d);
  std::memcpy(out, &bits, 2);
  for (int i = 0; i < 32; ++i) {
    const float q = d > 0 ? std::nearbyint(x[i] / d) : 0.0f;
    out[2 + i] = static_cast<uint8_t>(static_cast<int8_t>(std::clamp(q, -127.0f, 127.0f)));
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

}  // namespace

void decode_dense_block(StorageType type, const uint8_t* block, float* values) {
  switch (type) {
    case StorageType::f32: std::memcpy(values, block, 4); break;
    case StorageType::f16: *values = f16_to_f32(load_u16(block)); break;
    case StorageType::bf16: *values = bf16_to_f32(load_u16(block)); break;
    case StorageType::q8_0: decode_q8_0(block, values); break;
    case StorageType::q4_k: decode_q4_k(block, values); break;
    case StorageType::q6_k: decode_q6_k(block, values); break;
    default: break;
  }
}

void encode_dense_block(StorageType type, const float* values, uint8_t* block) {
  switch (type) {
    case StorageType::f32: std::memcpy(block, values, 4); break;
    case StorageType::f16:
    case StorageType::bf16: {
      const uint16_t bits = type == StorageType::f16 ? f32_to_f16(*values) : f32_to_bf16(*values);
      std::memcpy(block, &bits, 2);
      break;
    }
    case StorageType::q8_0: encode_q8_0(values, block); break;
    default: break;
  }
}

}  // namespace tritium
