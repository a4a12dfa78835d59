#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/cancel.h"
#include "base/format_text.h"
#include "format/blocks.h"
#include "format/codec.h"
#include "format/stored_rows.h"

namespace tritium {
namespace {

// The smallest value that would become infinite. q8_0 keeps the 127th part of a block's largest value as f16.
float overflow_of(StorageType type) {
  constexpr float kF16 = 65520.0f;
  constexpr float kBf16 = 0x1.FFp127f;
  switch (type) {
    case StorageType::f16: return kF16;
    case StorageType::bf16: return kBf16;
    case StorageType::q8_0: return 127 * kF16;
    default: return std::numeric_limits<float>::infinity();
  }
}

bool kept_as_is(StorageType type) {
  return type == StorageType::f32 || type == StorageType::f16 || type == StorageType::bf16;
}

}  // namespace

Result<std::vector<float>> decode_f32(const StoredTensor& t) {
  const Result<std::unique_ptr<DenseRows>> rows = stored_dense_rows(layout_of(t), bytes_of(t));
  if (!rows.ok()) return rows.status();
  return read_all_f32(**rows);
}

Result<DenseMatrix> decode_dense(const StoredTensor& t) {
  const Result<std::unique_ptr<DenseRows>> rows = stored_dense_rows(layout_of(t), bytes_of(t));
  if (!rows.ok()) return rows.status();
  return read_all_halves(**rows);
}

Result<std::vector<std::byte>> encode_f32(std::span<const float> values, std::span<const int64_t> shape,
                                          StorageType type) {
  const StorageTraits& traits = traits_of(type);
  if (!kept_as_is(type) && type != StorageType::q8_0)
    return error(StatusCode::unsupported, "floats cannot be written as ", traits.name, "; F32, F16, BF16 and Q8_0 can");
  const Result<uint64_t> size = storage_bytes(type, shape);
  if (!size.ok()) return Status(StatusCode::invalid_argument, size.message());
  if (static_cast<int64_t>(values.size()) != matrix_shape(shape).elements())
    return error(StatusCode::invalid_argument, values.size(), " values do not fill the shape");
  const float limit = overflow_of(type);
  for (size_t i = 0; i < values.size(); ++i)
    if (!(std::abs(values[i]) < limit))
      return error(StatusCode::invalid_argument, "element ", i, " is ", values[i], ", which ", traits.name,
                   " cannot hold");
  std::vector<std::byte> bytes(*size);
  auto* out = reinterpret_cast<uint8_t*>(bytes.data());
  const auto step = static_cast<size_t>(traits.block_elements);
  for (size_t e = 0; e < values.size(); e += step, out += traits.block_bytes) {
    check_cancelled_every<(1 << 18)>(e);
    encode_dense_block(type, &values[e], out);
  }
  return bytes;
}

}  // namespace tritium
