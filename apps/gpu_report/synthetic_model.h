// Models that exist only in their shapes: what a file of theirs would say, and weights that are made when asked for.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/weights.h"
#include "tensor/tensor_map.h"
#include "train/description.h"

namespace tritium::gpu_report {

// Weights cost little to make: what they are does not matter for speed, only that they are valid and not all alike.

// Half of the trits are 0, a quarter -1, a quarter +1; one scale, with which products keep the size of their inputs.
// `cols` is a multiple of 16.
TernaryMatrix random_trits(int64_t n_matrices, int64_t rows, int64_t cols, uint64_t seed);

// f16 values of magnitude 1/64 to 1/32.
DenseMatrix random_halves(int64_t rows, int64_t cols, uint64_t seed);

struct ModelShape : training::Description {
  std::string name;
  int64_t vocabulary = 0;
};

// Maple-20B-A1B, Qwen3-30B-A3B and BitNet-b1.58-2B-4T as published.
ModelShape maple_shape();
ModelShape qwen3_shape();
ModelShape bitnet_shape();

// The same kind of model, small enough for a driver that computes on the CPU.
ModelShape tiny(ModelShape shape);

// The weights of all layers are the same on the host; on the device each has memory of its own. Not for several
// threads.
class SyntheticModel final : public TensorMap {
 public:
  // `layers` of them.
  SyntheticModel(const ModelShape& shape, int64_t layers);

  const std::string& source() const override { return name_; }
  const Metadata& metadata() const override { return metadata_; }
  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  Result<std::unique_ptr<TernaryRows>> ternary_rows(const std::string& name) const override;
  Result<std::unique_ptr<DenseRows>> dense_rows(const std::string& name) const override;

 private:
  std::string name_;
  Metadata metadata_;
  std::vector<TensorInfo> tensors_;
  std::map<std::string, TensorRole> roles_;
  mutable std::map<std::vector<int64_t>, TernaryMatrix> made_;  // by shape
};

// Bytes on the device of what does not grow with the layers, and of a layer.
struct ModelBytes {
  uint64_t fixed = 0;
  uint64_t layer = 0;
};
ModelBytes model_bytes(const ModelShape& shape);

// Bytes of weights that one token reads in `layers` layers and in the head.
uint64_t bytes_of_token(const ModelShape& shape, int64_t layers);

}  // namespace tritium::gpu_report
