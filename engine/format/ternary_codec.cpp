#include <cmath>
#include <cstring>

#include "base/cancel.h"
#include "base/format_text.h"
#include "format/blocks.h"
#include "format/codec.h"
#include "tensor/half.h"

namespace tritium {
namespace {

// Sets codes of consecutive elements, counted over the whole stack without padding.
class CodeWriter {
 public:
  explicit CodeWriter(TernaryMatrix& matrix) : matrix_(matrix), row_(matrix.row_words(0, 0)) {}

  void put(const uint8_t* codes, int64_t n) {
    for (int64_t i = 0; i < n; ++i) {
      const uint32_t code = codes[i];
      excess_ += code == 3;
      const auto shift = static_cast<uint32_t>(2 * (col_ % TernaryMatrix::kCodesPerWord));
      uint32_t& word = row_[static_cast<size_t>(col_ / TernaryMatrix::kCodesPerWord)];
      word = (word & ~(3u << shift)) | (code << shift);
      if (++col_ == matrix_.cols()) next_row();
    }
  }
  int64_t excess() const { return excess_; }  // codes that are no trit

 private:
  void next_row() {
    col_ = 0;
    ++row_index_;
    if (row_index_ < matrix_.n_matrices() * matrix_.rows())
      row_ = matrix_.row_words(row_index_ / matrix_.rows(), row_index_ % matrix_.rows());
  }

  TernaryMatrix& matrix_;
  std::span<uint32_t> row_;
  int64_t row_index_ = 0;
  int64_t col_ = 0;
  int64_t excess_ = 0;
};

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
  const StorageTraits& traits = traits_of(t.type);
  if (!traits.ternary) return error(StatusCode::unsupported, "is ", traits.name, ", not a ternary type");
  const Shape shape = matrix_shape(t.shape);
  const bool one_scale = t.type == StorageType::i2_s;
  const int64_t elements = ternary_block_elements(t.type);
  TernaryMatrix matrix(shape[0], shape[1], shape[2], one_scale ? ScaleGranularity::tensor : ScaleGranularity::group,
                       one_scale ? 0 : elements);
  CodeWriter writer(matrix);
  uint8_t codes[kMaxTernaryBlock];
  for (int64_t b = 0; b < shape.elements() / elements; ++b) {
    check_cancelled_every<1024>(static_cast<size_t>(b));
    const float scale = decode_ternary_block(t, b, codes);
    if (!std::isfinite(scale)) return error(StatusCode::corrupt_file, "the scale of block ", b, " is ", scale);
    matrix.scales()[one_scale ? 0 : static_cast<size_t>(b)] = scale;
    writer.put(codes, elements);
  }
  if (writer.excess() > 0)
    return error(StatusCode::unsupported, writer.excess(), " of ", shape.elements(),
                 " codes are 3 (+2): this tensor is not ternary");
  return matrix.with_coarsest_scales();
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
        encode_ternary_block(type, codes, *scale, out);
      }
    }
  return bytes;
}

}  // namespace tritium
