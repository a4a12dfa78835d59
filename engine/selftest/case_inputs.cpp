#include "selftest/case_inputs.h"

#include <cstring>

#include "base/checked_math.h"
#include "base/counter_rng.h"
#include "tensor/half.h"
#include "tensor/shadow_code.h"

namespace tritium::cases {

uint64_t CaseInputs::next() { return random_bits(seed_, counter_++); }
double CaseInputs::normal() { return random_normal(seed_, counter_++); }

void CaseInputs::restart(uint64_t seed) {
  seed_ = seed;
  counter_ = 0;
  status_ = Status();
}

std::vector<int32_t> CaseInputs::some_below(int64_t n, int64_t limit, int64_t lowest) {
  std::vector<int32_t> values(static_cast<size_t>(n));
  for (int32_t& v : values) v = static_cast<int32_t>(lowest + below(limit));
  return values;
}

template <typename T>
T CaseInputs::take(Result<T> made) {
  if (made.ok()) return *std::move(made);
  if (status_.ok()) status_ = made.status();
  return {};
}

Tensor CaseInputs::zeros(const Shape& shape, DType dtype) {
  return take(ops_.backend().allocate(shape, dtype, "case"));
}

Tensor CaseInputs::floats(const Shape& shape, const std::vector<float>& values) {
  Tensor tensor = zeros(shape);
  if (tensor) ops_.upload(tensor, std::as_bytes(std::span(values)));
  return tensor;
}

Tensor CaseInputs::ints(const Shape& shape, const std::vector<int32_t>& values) {
  Tensor tensor = zeros(shape, DType::i32);
  if (tensor) ops_.upload(tensor, std::as_bytes(std::span(values)));
  return tensor;
}

Tensor CaseInputs::random(const Shape& shape, double spread) {
  std::vector<float> values(static_cast<size_t>(shape.elements()));
  for (float& v : values) v = static_cast<float>(spread * normal());
  return floats(shape, values);
}

Tensor CaseInputs::cached_rows(const Shape& shape, DType dtype, double spread, Tensor& scales) {
  if (dtype == DType::f32) return random(shape, spread);
  Tensor tensor = zeros(shape, dtype);
  const auto n = static_cast<size_t>(shape.elements());
  const auto fill = [&](auto of_value) {
    std::vector<decltype(of_value())> values(n);
    for (auto& v : values) v = of_value();
    if (tensor) ops_.upload(tensor, std::as_bytes(std::span(values)));
  };
  if (dtype == DType::f16) {
    fill([&] { return f32_to_f16(static_cast<float>(spread * normal())); });
  } else {
    fill([&] { return static_cast<int8_t>(below(255) - 127); });
    std::vector<float> of_row(static_cast<size_t>(shape[0] * shape[1]));
    for (float& s : of_row) s = static_cast<float>(spread * (0.02 + 0.005 * normal()));
    scales = floats({shape[0], shape[1]}, of_row);
  }
  return tensor;
}

KvCache CaseInputs::cache(const Shape& keys, int64_t value_dim, DType dtype, double spread) {
  KvCache cache;
  cache.k = cached_rows(keys, dtype, spread, cache.k_scales);
  cache.v = cached_rows({keys[0], keys[1], value_dim}, dtype, 1.0, cache.v_scales);
  return cache;
}

Weight CaseInputs::ternary(int64_t n_matrices, int64_t rows, int64_t cols, ScaleGranularity granularity,
                           int64_t group_size) {
  TernaryMatrix matrix(n_matrices, rows, cols, granularity, group_size);
  for (int64_t m = 0; m < n_matrices; ++m)
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < cols; ++c) matrix.set_trit(m, r, c, static_cast<int>(below(3)) - 1);
  for (float& scale : matrix.scales()) scale = static_cast<float>(0.1 + 0.02 * normal());
  return take(ops_.backend().upload_weight(matrix, "case.weight"));
}

Weight CaseInputs::dense(int64_t n_matrices, int64_t rows, int64_t cols, DType dtype) {
  DenseMatrix matrix{.n_matrices = n_matrices, .rows = rows, .cols = cols, .dtype = dtype, .bytes = {}};
  const auto elements = static_cast<size_t>(n_matrices * rows * cols);
  const auto size = static_cast<size_t>(bits_of(dtype) / 8);
  constexpr float kCodeStep = 0.0024f;  // one of 400 or so values is beyond the last code
  matrix.bytes.resize(elements * size);
  for (size_t i = 0; i < elements; ++i) {
    const auto value = static_cast<float>(0.1 * normal());
    const uint16_t half = dtype == DType::f16 ? f32_to_f16(value) : f32_to_bf16(value);
    const int8_t code = to_shadow_code(value, kCodeStep);
    const void* stored = dtype == DType::f32 ? static_cast<const void*>(&value) : &half;
    std::memcpy(&matrix.bytes[i * size], dtype == DType::i8 ? &code : stored, size);
  }
  Weight weight = take(ops_.backend().upload_weight(matrix, "case.weight"));
  if (dtype == DType::i8) weight.code_step = kCodeStep;
  return weight;
}

Weight CaseInputs::packed(int64_t n_matrices, int64_t rows, int64_t cols, DType dtype) {
  DenseMatrix matrix{.n_matrices = n_matrices, .rows = rows, .cols = cols, .dtype = dtype, .bytes = {}};
  matrix.bytes.resize(static_cast<size_t>(n_matrices * rows * bytes_of(dtype, cols)));
  for (std::byte& b : matrix.bytes) b = static_cast<std::byte>(below(256));
  const auto block = static_cast<size_t>(block_of(dtype).bytes);
  const std::vector<size_t> places = dtype == DType::q6_k   ? std::vector<size_t>{208}
                                     : dtype == DType::q4_k ? std::vector<size_t>{0, 2}
                                                            : std::vector<size_t>{0};
  for (size_t start = 0; start < matrix.bytes.size(); start += block)
    for (size_t place : places) {
      const double spread = below(16) == 0 ? 1e-6 : below(16) == 0 ? 0.0 : 1e-3;
      const uint16_t half = f32_to_f16(static_cast<float>(spread * normal()));
      std::memcpy(&matrix.bytes[start + place], &half, 2);
    }
  return take(ops_.backend().upload_weight(matrix, "case.weight"));
}

Tensor CaseInputs::rows(int64_t tokens, int64_t position, int64_t n_sequences, int64_t capacity) {
  std::vector<int32_t> values;
  for (int64_t s = 0; s < n_sequences; ++s)
    for (int64_t t = 0; t < tokens; ++t) {
      values.push_back(static_cast<int32_t>(position + t));
      values.push_back(static_cast<int32_t>(s * capacity));
    }
  return ints({n_sequences * tokens, 2}, values);
}

CaseInputs::Quantized CaseInputs::quantized(int64_t rows, int64_t cols, bool per_block) {
  const int64_t padded = round_up(cols, TernaryMatrix::kRowAlign);
  const Tensor x = random({rows, cols});
  Quantized out{.q = zeros({rows, padded}, DType::i8), .scales = zeros({rows, per_block ? padded / 256 : 1})};
  ops_(QuantizeActivations{.x = x, .q = out.q, .scales = out.scales});
  return out;
}

}  // namespace tritium::cases
