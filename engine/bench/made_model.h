// Whole models without a file: the metadata and tensor names of real ones, random weights. What they write is noise,
// what they cost is not.
#pragma once

#include <string>
#include <vector>

#include "tensor/tensor_map.h"

namespace tritium::bench {

struct ModelShape {
  std::string name;  // "Maple-20B-A1B"
  std::string architecture;
  int64_t layers = 0, dim = 0;
  int64_t heads = 0, kv_heads = 0, head_dim = 0, rope_dims = 0;  // rope_dims 0: all of a head
  int64_t ffn = 0;                                               // of a dense layer or of one expert
  int64_t experts = 0, experts_used = 0;                         // 0: dense
  int64_t vocabulary = 0, context = 4096;
  double rope_base = 10000.0;
  int64_t window = 0;
  DType embedding = DType::q4_k;
  DType head = DType::q6_k;
  bool tied_head = false;  // the embedding is the head
};

// Those that `tritium bench` runs.
const std::vector<ModelShape>& bench_models();

class MadeModel final : public TensorMap {
 public:
  explicit MadeModel(const ModelShape& shape);

  const std::string& source() const override { return shape_.name; }
  const Metadata& metadata() const override { return metadata_; }
  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  Result<std::unique_ptr<TernaryRows>> ternary_rows(const std::string& name) const override;
  Result<std::unique_ptr<DenseRows>> dense_rows(const std::string& name) const override;

 private:
  void add(const std::string& name, std::vector<int64_t> dims, DType dtype);

  ModelShape shape_;
  Metadata metadata_;
  std::vector<TensorInfo> tensors_;
};

}  // namespace tritium::bench
