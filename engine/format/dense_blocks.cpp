// Blocks of floating-point formats and Q8_0, written.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "format/blocks.h"
#include "tensor/half.h"

namespace tritium {
namespace {

// 32 signed bytes with one f16 scale before them.
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

}  // namespace

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
