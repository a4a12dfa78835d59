#include "convert/tensor_rows.h"

#include <algorithm>
#include <cstring>

#include "tensor/half.h"

namespace tritium {
namespace {

class MatrixTernaryRows final : public TernaryRows {
 public:
  explicit MatrixTernaryRows(TernaryMatrix matrix)
      : TernaryRows(matrix.shape(), matrix.group_size()), matrix_(std::move(matrix)) {}

  Status read(int64_t first, int64_t n, std::span<uint32_t> words, std::span<float> scales) const override {
    std::ranges::copy(
        matrix_.words().subspan(static_cast<size_t>(first * words_per_row()), static_cast<size_t>(n * words_per_row())),
        words.begin());
    const bool one = matrix_.granularity() == ScaleGranularity::tensor;
    const auto groups = static_cast<size_t>(groups_per_row());
    for (size_t i = 0; i < static_cast<size_t>(n) * groups; ++i)
      scales[i] = matrix_.scales()[one ? 0 : static_cast<size_t>(first) * groups + i];
    return Status();
  }

 private:
  TernaryMatrix matrix_;
};

class MatrixDenseRows final : public DenseRows {
 public:
  explicit MatrixDenseRows(DenseMatrix matrix) : DenseRows(matrix.shape(), matrix.dtype), matrix_(std::move(matrix)) {}

  Status read(int64_t first, int64_t n, std::span<std::byte> out) const override {
    std::ranges::copy(std::span(matrix_.bytes)
                          .subspan(static_cast<size_t>(first * row_bytes()), static_cast<size_t>(n * row_bytes())),
                      out.begin());
    return Status();
  }

 private:
  DenseMatrix matrix_;
};

float float_of(DType dtype, const std::byte* p) {
  if (dtype == DType::f32) {
    float value = 0;
    std::memcpy(&value, p, sizeof value);
    return value;
  }
  uint16_t half = 0;
  std::memcpy(&half, p, sizeof half);
  return dtype == DType::f16 ? f16_to_f32(half) : bf16_to_f32(half);
}

Status read_trits_as_floats(const TernaryRows& rows, int64_t first, int64_t n, std::span<float> values) {
  const auto row_words = static_cast<size_t>(rows.words_per_row()), groups = static_cast<size_t>(rows.groups_per_row());
  const auto cols = static_cast<size_t>(rows.cols()), group = static_cast<size_t>(rows.group_size());
  std::vector<uint32_t> words(static_cast<size_t>(n) * row_words);
  std::vector<float> scales(static_cast<size_t>(n) * groups);
  if (Status s = rows.read(first, n, words, scales); !s.ok()) return s;
  for (size_t r = 0; r < static_cast<size_t>(n); ++r)
    for (size_t c = 0; c < cols; ++c) {
      const int trit = static_cast<int>((words[r * row_words + c / 16] >> (2 * (c % 16))) & 3) - 1;
      values[r * cols + c] = scales[r * groups + c / group] * static_cast<float>(trit);
    }
  return Status();
}

}  // namespace

Result<std::unique_ptr<TernaryRows>> ternary_rows_of(const TensorMap& map, const std::string& name) {
  if (const auto* source = dynamic_cast<const RowSource*>(&map)) return source->ternary_rows(name);
  Result<TernaryMatrix> matrix = map.load_ternary(name);
  if (!matrix.ok()) return matrix.status();
  return std::unique_ptr<TernaryRows>(std::make_unique<MatrixTernaryRows>(*std::move(matrix)));
}

Result<std::unique_ptr<DenseRows>> dense_rows_of(const TensorMap& map, const std::string& name) {
  if (const auto* source = dynamic_cast<const RowSource*>(&map)) return source->dense_rows(name);
  Result<DenseMatrix> matrix = map.load_dense(name);
  if (!matrix.ok()) return matrix.status();
  return std::unique_ptr<DenseRows>(std::make_unique<MatrixDenseRows>(*std::move(matrix)));
}

Result<FloatRows> FloatRows::open(const TensorMap& map, const std::string& name) {
  FloatRows rows;
  if (map.find(name) && map.find(name)->ternary) {
    Result<std::unique_ptr<TernaryRows>> trits = ternary_rows_of(map, name);
    if (trits.ok()) {
      rows.trits_ = *std::move(trits);
      return rows;
    }
    if (trits.code() != StatusCode::unsupported) return trits.status();
  }
  Result<std::unique_ptr<DenseRows>> dense = dense_rows_of(map, name);
  if (!dense.ok()) return dense.status();
  rows.dense_ = *std::move(dense);
  return rows;
}

Status FloatRows::read(int64_t first, int64_t n, std::span<float> values) const {
  if (trits_) return read_trits_as_floats(*trits_, first, n, values);
  std::vector<std::byte> bytes(static_cast<size_t>(n * dense_->row_bytes()));
  if (Status s = dense_->read(first, n, bytes); !s.ok()) return s;
  const size_t step = dense_->dtype() == DType::f32 ? 4 : 2;
  for (size_t i = 0; i < values.size(); ++i) values[i] = float_of(dense_->dtype(), &bytes[i * step]);
  return Status();
}

}  // namespace tritium
