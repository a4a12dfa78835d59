// The gate through which a model comes in, whoever wrote it: its configuration read, and every tensor checked against
// that. What describes, plans, loads or trains a model takes only what has passed: no shape that a file promises is
// counted or multiplied with before.
#pragma once

#include <memory>

#include "model/config.h"
#include "tensor/tensor_map.h"

namespace tritium {

class CheckedModel {
 public:
  // Errors name the file, and the key or tensor: what is missing, what has another shape, and what the model would
  // leave unused (an unused tensor means mathematics that is not done here). Loads nothing.
  static Result<CheckedModel> check(std::shared_ptr<const TensorMap> source);
  // Of one that outlives it.
  static Result<CheckedModel> check(const TensorMap& source);

  const TensorMap& tensors() const { return *source_; }
  const Metadata& metadata() const { return source_->metadata(); }
  const Config& config() const { return config_; }

 private:
  CheckedModel(std::shared_ptr<const TensorMap> source, Config config)
      : source_(std::move(source)), config_(std::move(config)) {}

  std::shared_ptr<const TensorMap> source_;
  Config config_;
};

// The factors that a file divides rope frequencies by: (rope_dims / 2).
inline constexpr const char* kRopeFactors = "rope_freqs.weight";

// bitnet's optional factor of a matrix: "blk.0.attn_q.weight" -> "blk.0.attn_q.scale".
std::string scale_name(const std::string& matrix);

}  // namespace tritium
