#include <cmath>
#include <cstring>

#include "base/cancel.h"
#include "base/format_text.h"
#include "format/blocks.h"
#include "format/codec.h"
#include "format/stored_rows.h"
#include "tensor/half.h"

namespace tritium {
namespace {

// The codes of consecutive elements of a row.
void read_codes(const TernaryMatrix& m, int64_t matrix, int64_t row, int64_t col, int64_t n, uint8_t* codes) {
  for (int64_t i = 0; i < n; ++i) codes[i] = static_cast<uint8_t>(m.trit(matrix, row, col + i) + 1);
}

Result<std::vector<std::byte>> encode_i2s(const TernaryMatrix& original) {
  const TernaryMatrix m = original.with_coarsest_scales();
  if (m.granularity() != ScaleGranularity::tensor)
    return error(StatusCode::invalid_argument, "I2_S has one scale for a tensor, this one has ", m.scales().size());
  const int64_t elements = m.shape().elements();
  std::vector<uint8_t> codes;
  codes.reserve(static_cast<size_t>(elements));
  for (int64_t k = 0; k < m.n_matrices(); ++k)
    for (int64_t r = 0; r < m.rows(); ++r)
      for (int64_t c = 0; c < m.cols(); ++c) codes.push_back(static_cast<uint8_t>(m.trit(k, r, c) + 1));
  std::vector<std::byte> bytes(static_cast<size_t>(elements / 4 + kI2sTail));
  auto* out = reinterpret_cast<uint8_t*>(bytes.data());
  for (int64_t e = 0; e < elements; e += kI2sUnit) encode_i2s_unit(&codes[static_cast<size_t>(e)], out + e / 4);
  std::memcpy(out + elements / 4, m.scales().data(), 4);
  return bytes;
}

// The one scale of a block, as f16, if there is one.
Result<uint16_t> block_scale(const TernaryMatrix& m, int64_t matrix, int64_t row, int64_t col, const StorageTraits& t) {
  const float scale = m.scale(matrix, row, col);
  for (int64_t c = col; c < col + t.block_elements; ++c)
    if (m.scale(matrix, row, c) != scale)
      return error(StatusCode::invalid_argument, t.name, " has one scale for ", t.block_elements, " columns, but row ",
                   row, " has ", scale, " and ", m.scale(matrix, row, c), " within them");
  const uint16_t bits = f32_to_f16(scale);
  if (f16_to_f32(bits) != scale)
    return error(StatusCode::invalid_argument, t.name, " keeps scales as f16, which cannot hold ", scale, " of row ",
                 row);
  return bits;
}

}  // namespace

Shape matrix_shape(std::span<const int64_t> shape) {
  int64_t outer = 1;
  for (size_t i = 0; i + 2 < shape.size(); ++i) outer *= shape[i];
  return {outer, shape.size() >= 2 ? shape[shape.size() - 2] : 1, shape.back()};
}

Result<TernaryMatrix> decode_ternary(const StoredTensor& t) {
  const Result<std::unique_ptr<TernaryRows>> rows = stored_ternary_rows(layout_of(t), bytes_of(t));
  if (!rows.ok()) return rows.status();
  return read_all(**rows);
}

Result<std::vector<std::byte>> encode_ternary(const TernaryMatrix& m, StorageType type) {
  const StorageTraits& t = traits_of(type);
  if (!t.ternary) return error(StatusCode::invalid_argument, t.name, " is not a ternary type");
  const int64_t dims[] = {m.n_matrices(), m.rows(), m.cols()};
  if (const Result<uint64_t> size = storage_bytes(type, dims); !size.ok())
    return Status(StatusCode::invalid_argument, size.message());
  for (float scale : m.scales())
    if (!std::isfinite(scale)) return error(StatusCode::invalid_argument, "a scale is ", scale, ", must be finite");
  if (type == StorageType::i2_s) return encode_i2s(m);

  const int64_t blocks_per_row = m.cols() / t.block_elements;
  std::vector<std::byte> bytes(static_cast<size_t>(m.n_matrices() * m.rows() * blocks_per_row * t.block_bytes));
  auto* out = reinterpret_cast<uint8_t*>(bytes.data());
  uint8_t codes[kMaxTernaryBlock];
  for (int64_t k = 0; k < m.n_matrices(); ++k)
    for (int64_t r = 0; r < m.rows(); ++r) {
      check_cancelled_every<64>(static_cast<size_t>(r));
      for (int64_t c = 0; c < m.cols(); c += t.block_elements, out += t.block_bytes) {
        const Result<uint16_t> scale = block_scale(m, k, r, c, t);
        if (!scale.ok()) return scale.status();
        read_codes(m, k, r, c, t.block_elements, codes);
        if (type == StorageType::q1_0 && std::memchr(codes, 1, static_cast<size_t>(t.block_elements)))
          return error(StatusCode::invalid_argument, t.name, " has no zeros, row ", r, " does");
        if (type == StorageType::stq1_0 && !has_one_zero_in_four(codes))
          return error(StatusCode::invalid_argument, t.name, " has one zero in each four trits, row ", r,
                       " has more or fewer");
        encode_ternary_block(type, codes, *scale, out);
      }
    }
  return bytes;
}

}  // namespace tritium
