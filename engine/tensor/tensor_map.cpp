#include "tensor/tensor_map.h"

#include <algorithm>
#include <cstring>

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
  add_info({.name = name,
            .type = "F32",
            .shape = std::move(shape),
            .bytes = values.size() * sizeof(float),
            .ternary = false});
  ternary_.erase(name);
  dense_[name] = std::move(values);
}

Result<TernaryMatrix> MemoryTensorMap::load_ternary(const std::string& name) const {
  const auto it = ternary_.find(name);
  if (it == ternary_.end())
    return find(name) ? error(StatusCode::unsupported, source_, ": tensor ", name, " is not ternary")
                      : missing(*this, name);
  return it->second;
}

Result<std::vector<float>> MemoryTensorMap::load_f32(const std::string& name) const {
  if (const auto it = dense_.find(name); it != dense_.end()) return it->second;
  if (const auto it = ternary_.find(name); it != ternary_.end()) return it->second.dequantize();
  return missing(*this, name);
}

Result<DenseMatrix> MemoryTensorMap::load_dense(const std::string& name) const {
  const Result<std::vector<float>> values = load_f32(name);
  if (!values.ok()) return values.status();
  const std::vector<int64_t>& shape = find(name)->shape;
  DenseMatrix matrix;
  matrix.cols = shape.back();
  matrix.rows = shape.size() >= 2 ? shape[shape.size() - 2] : 1;
  matrix.n_matrices = shape.size() >= 3 ? shape[shape.size() - 3] : 1;
  matrix.bytes.resize(values->size() * sizeof(float));
  std::memcpy(matrix.bytes.data(), values->data(), matrix.bytes.size());
  return matrix;
}

}  // namespace tritium
