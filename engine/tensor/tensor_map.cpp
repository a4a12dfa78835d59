#include "tensor/tensor_map.h"

#include <algorithm>
#include <new>

#include "base/format_text.h"

namespace tritium {

const TensorInfo* TensorMap::find(const std::string& name) const {
  const auto it = std::ranges::find(tensors(), name, &TensorInfo::name);
  return it == tensors().end() ? nullptr : &*it;
}

namespace {

Status missing(const TensorMap& map, const std::string& name) {
  return error(StatusCode::not_found, map.source(), ": tensor ", name, " is not there");
}

}  // namespace

void MemoryTensorMap::add_info(TensorInfo info) {
  const auto it = std::ranges::find(tensors_, info.name, &TensorInfo::name);
  if (it == tensors_.end()) {
    tensors_.push_back(std::move(info));
  } else {
    *it = std::move(info);
  }
}

void MemoryTensorMap::add(const std::string& name, std::vector<int64_t> shape, TernaryMatrix matrix) {
  add_info({.name = name,
            .type = "trit2",
            .shape = std::move(shape),
            .bytes = static_cast<uint64_t>(matrix.bytes()),
            .ternary = true});
  dense_.erase(name);
  ternary_[name] = std::move(matrix);
}

void MemoryTensorMap::add(const std::string& name, std::vector<int64_t> shape, std::vector<float> values) {
  DenseMatrix matrix;
  matrix.cols = shape.back();
  matrix.rows = shape.size() >= 2 ? shape[shape.size() - 2] : 1;
  matrix.n_matrices = shape.size() >= 3 ? shape[shape.size() - 3] : 1;
  const auto bytes = std::as_bytes(std::span(values));
  matrix.bytes.assign(bytes.begin(), bytes.end());
  add_info({.name = name, .type = "F32", .shape = std::move(shape), .bytes = bytes.size()});
  ternary_.erase(name);
  dense_[name] = std::move(matrix);
}

Result<std::unique_ptr<TernaryRows>> MemoryTensorMap::ternary_rows(const std::string& name) const {
  if (const auto it = ternary_.find(name); it != ternary_.end()) return rows_of(it->second);
  return find(name) ? error(StatusCode::unsupported, source_, ": tensor ", name, " is not ternary")
                    : missing(*this, name);
}

namespace {

// Trits times their scales.
class DequantizedRows final : public DenseRows {
 public:
  explicit DequantizedRows(const TernaryMatrix& matrix) : DenseRows(matrix.shape(), DType::f32), matrix_(matrix) {}

  Status read(int64_t first, int64_t n, std::span<std::byte> out) const override {
    auto* value = reinterpret_cast<float*>(out.data());
    for (int64_t row = first; row < first + n; ++row)
      for (int64_t c = 0; c < cols(); ++c) *value++ = matrix_.value(row / matrix_.rows(), row % matrix_.rows(), c);
    return Status();
  }

 private:
  const TernaryMatrix& matrix_;
};

}  // namespace

Result<std::unique_ptr<DenseRows>> MemoryTensorMap::dense_rows(const std::string& name) const {
  if (const auto it = dense_.find(name); it != dense_.end()) return rows_of(it->second);
  if (const auto it = ternary_.find(name); it != ternary_.end())
    return std::unique_ptr<DenseRows>(std::make_unique<DequantizedRows>(it->second));
  return missing(*this, name);
}

// ---- all of a tensor

namespace {

Status no_memory(const TensorMap& map, const std::string& name) {
  const TensorInfo* info = map.find(name);
  return error(StatusCode::out_of_memory, map.source(), ": ", name, ": not enough memory to decode ",
               info ? info->bytes : 0, " bytes");
}

}  // namespace

Result<TernaryMatrix> TensorMap::load_ternary(const std::string& name) const try {
  const Result<std::unique_ptr<TernaryRows>> rows = ternary_rows(name);
  if (!rows.ok()) return rows.status();
  return read_all(**rows);
} catch (const std::bad_alloc&) {
  return no_memory(*this, name);
}

Result<std::vector<float>> TensorMap::load_f32(const std::string& name) const try {
  const Result<std::unique_ptr<DenseRows>> rows = dense_rows(name);
  if (!rows.ok()) return rows.status();
  return read_all_f32(**rows);
} catch (const std::bad_alloc&) {
  return no_memory(*this, name);
}

Result<DenseMatrix> TensorMap::load_dense(const std::string& name) const try {
  const Result<std::unique_ptr<DenseRows>> rows = dense_rows(name);
  if (!rows.ok()) return rows.status();
  return read_all_halves(**rows);
} catch (const std::bad_alloc&) {
  return no_memory(*this, name);
}

}  // namespace tritium
