// TensorMap: the named tensors and metadata of a model, wherever they come from. Formats produce it, models consume it;
// neither knows the other.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tensor/dense_matrix.h"
#include "tensor/metadata.h"
#include "tensor/rows.h"
#include "tensor/ternary_matrix.h"
#include "tritium/status.hpp"

namespace tritium {

struct TensorInfo {
  std::string name;
  std::string type;            // as the source calls it: "TQ2_0", "F32"
  std::vector<int64_t> shape;  // outermost first, rank 1 to 4
  uint64_t bytes = 0;          // as stored
  bool ternary = false;        // ternary_rows can be expected to work
  DType dtype = DType::f32;    // of dense_rows, where it is not ternary

  int64_t elements() const {
    int64_t n = 1;
    for (int64_t d : shape) n *= d;
    return n;
  }
};

// Thread rule: const methods may be called from several threads at once.
class TensorMap {
 public:
  virtual ~TensorMap() = default;

  virtual const std::string& source() const = 0;  // for messages: the file's path
  virtual const Metadata& metadata() const = 0;
  virtual const std::vector<TensorInfo>& tensors() const = 0;  // in file order

  // Rank 1 is [1, 1, n], rank 2 [1, rows, cols], rank 3 [n_matrices, rows, cols]. Errors name the file, the tensor and
  // the numbers. unsupported: it is not ternary, which reading may find only later. Rows must not outlive this.
  virtual Result<std::unique_ptr<TernaryRows>> ternary_rows(const std::string& name) const = 0;
  // In the type that it is stored in, where DType has that; others as F16, or as F32 where F16 cannot hold them.
  virtual Result<std::unique_ptr<DenseRows>> dense_rows(const std::string& name) const = 0;

  // All of a tensor at once. load_ternary: exact trits and scales, merged to the coarsest granularity; fails when the
  // tensor is not ternary or holds a code outside {-1, 0, +1} or a scale that is not finite.
  Result<TernaryMatrix> load_ternary(const std::string& name) const;
  // Decoded to f32. Fails on values that are not finite.
  Result<std::vector<float>> load_f32(const std::string& name) const;
  // F32, F16, BF16 as they are; other types as F16 (the rounding is below their own), or as F32 where F16 cannot hold
  // them.
  Result<DenseMatrix> load_dense(const std::string& name) const;

  const TensorInfo* find(const std::string& name) const;
};

// A model built in memory: tests, generated demo models, export.
class MemoryTensorMap final : public TensorMap {
 public:
  explicit MemoryTensorMap(std::string source = "memory") : source_(std::move(source)) {}

  Metadata& mutable_metadata() { return metadata_; }
  // Rank of the shape given back by tensors(): as passed. Replaces a tensor of the same name.
  void add(const std::string& name, std::vector<int64_t> shape, TernaryMatrix matrix);
  void add(const std::string& name, std::vector<int64_t> shape, std::vector<float> values);

  const std::string& source() const override { return source_; }
  const Metadata& metadata() const override { return metadata_; }
  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  Result<std::unique_ptr<TernaryRows>> ternary_rows(const std::string& name) const override;
  Result<std::unique_ptr<DenseRows>> dense_rows(const std::string& name) const override;

 private:
  void add_info(TensorInfo info);

  std::string source_;
  Metadata metadata_;
  std::vector<TensorInfo> tensors_;
  std::map<std::string, TernaryMatrix> ternary_;
  std::map<std::string, DenseMatrix> dense_;
};

}  // namespace tritium
