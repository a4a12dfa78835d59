// Element types of tensors in files: names, ids and block sizes of the GGUF ecosystem.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tritium/status.hpp"

namespace tritium {

enum class StorageType {
  f32,
  f16,
  bf16,
  q8_0,
  q4_0,
  q4_k,
  q6_k,
  tq1_0,          // base 3, 256 to a block
  tq2_0,          // 2 bits, 256 to a block
  i2_s,           // 2 bits, one scale for the tensor
  q1_0,           // 1 bit, +d or -d
  q2_0,           // 2 bits, 64 to a block
  q2_0_group128,  // the older layout under the same id
  pq2_0,          // that layout under an id of its own
  ptq1_0,         // base 3, 128 to a block
  stq1_0,         // a zero in each four of 256: 5 bits for four trits (Sherry)
};

struct StorageTraits {
  StorageType type;
  std::string_view name;
  uint32_t ggml_id;
  int64_t block_elements;
  int64_t block_bytes;
  bool ternary;
};

const StorageTraits& traits_of(StorageType type);
// The first type with this id: q2_0 for 42, which three layouts share (gguf_placement.cpp).
std::optional<StorageType> storage_type_of_id(uint32_t ggml_id);
std::optional<StorageType> storage_type_of_name(std::string_view name);
// "F32 (0), F16 (1), …"
std::string supported_storage_types();

// Bytes of a tensor, [outer …, row length]. Errors: the row length is not a whole number of blocks (for i2_s: the
// number of elements not a multiple of 128), or the size does not fit 63 bits.
Result<uint64_t> storage_bytes(StorageType type, std::span<const int64_t> shape);

// i2_s ends with its scale, one f32 padded to this.
inline constexpr int64_t kI2sTail = 32;
inline constexpr int64_t kI2sUnit = 128;  // elements interleaved in 32 bytes

}  // namespace tritium
