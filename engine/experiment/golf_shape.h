// The transformer of a golf preset at a scale: the published sizes at 1, else as wide as its artifact may have bytes.
#pragma once

#include <cstdint>
#include <string>

#include "tritium/experiment.hpp"
#include "tritium/status.hpp"

namespace tritium::experiment {

struct GolfShape {
  int64_t dim = 512, layers = 11, head_dim = 64;
  int64_t ffn = 1536, experts = 0, top_k = 2, shared_ffn = 0;
  int64_t bigram_buckets = 0, bigram_length = 0;
  int64_t value_length = 0;  // of the value embedding, in the two layers before the last; 0: none
  int64_t rope_dims = 0;     // 0: all
  int64_t exclusive_layers = 0;
  bool norm_scale = false, sub_norms = false, smear = false;
  std::string activation = "relu2";

  int64_t heads() const { return dim / head_dim; }
  int64_t kv_heads() const { return heads() % 2 == 0 ? heads() / 2 : heads(); }
};

struct GolfPlan {
  GolfShape shape;
  std::string transformer;  // as JSON
  TrainOptions training;    // without data, seed, length and files
  int64_t vocab_size = 0;
  uint64_t limit = 0;  // bytes
};

// not_found: no preset has that name. invalid_argument: a scale at which no model of its kind fits.
Result<GolfPlan> plan_golf(const std::string& preset, double scale, int64_t vocab_size, int64_t context);
// With the scale, vocabulary and context of a run.
Result<GolfPlan> plan_of(const GolfOptions& options);

// Bytes that an artifact of it is expected to have: codes at about their entropy, scales, floats, a header.
double expected_bytes(const GolfShape& shape, const TrainOptions& training, int64_t vocab_size);

}  // namespace tritium::experiment
