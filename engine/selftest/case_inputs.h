// Makes random inputs for one call of an operation on any backend. The same seed gives the same inputs everywhere.
#pragma once

#include <cstdint>
#include <vector>

#include "ops/kv_cache.h"
#include "ops/ops.h"

namespace tritium::cases {

class CaseInputs {
 public:
  CaseInputs(Ops& ops, uint64_t seed) : ops_(ops), seed_(seed) {}

  // As if made anew with that seed.
  void restart(uint64_t seed);
  void run(const auto& op) { ops_(op); }

  // Normal with standard deviation `spread`.
  Tensor random(const Shape& shape, double spread = 1.0);
  Tensor floats(const Shape& shape, const std::vector<float>& values);
  Tensor ints(const Shape& shape, const std::vector<int32_t>& values);
  Tensor zeros(const Shape& shape, DType dtype = DType::f32);

  // Trits uniform over {-1, 0, +1}, scales around 0.1.
  Weight ternary(int64_t n_matrices, int64_t rows, int64_t cols, ScaleGranularity granularity, int64_t group_size = 0);
  // Normal with standard deviation 0.1. Of i8: codes of these, the last ones for what is beyond.
  Weight dense(int64_t n_matrices, int64_t rows, int64_t cols, DType dtype);
  // Random bytes but for the f16 scales, which are small, subnormal, zero and of both signs.
  Weight packed(int64_t n_matrices, int64_t rows, int64_t cols, DType dtype);

  // Caches filled with normal values; those of i8 with any codes, and scales around spread / 50.
  KvCache cache(const Shape& keys, int64_t value_dim, DType dtype, double spread = 1.0);

  // `rows` of operations (ops/op.h): `tokens` of each sequence from `position` on, in caches of `capacity` rows a
  // sequence.
  Tensor rows(int64_t tokens, int64_t position, int64_t n_sequences = 1, int64_t capacity = 0);

  // The int8 activations of random floats: q and scales of quantize_activations on this very backend.
  struct Quantized {
    Tensor q;
    Tensor scales;
  };
  Quantized quantized(int64_t rows, int64_t cols, bool per_block);

  // `n` integers from `lowest` on, `limit` different ones.
  std::vector<int32_t> some_below(int64_t n, int64_t limit, int64_t lowest = 0);
  int64_t below(int64_t limit) { return static_cast<int64_t>(next() % static_cast<uint64_t>(limit)); }
  Status status() const { return status_; }

 private:
  uint64_t next();
  double normal();
  Tensor cached_rows(const Shape& shape, DType dtype, double spread, Tensor& scales);
  template <typename T>
  T take(Result<T> made);

  Ops& ops_;
  uint64_t seed_;
  uint64_t counter_ = 0;
  Status status_;
};

}  // namespace tritium::cases
