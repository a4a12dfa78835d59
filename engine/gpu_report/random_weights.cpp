#include "gpu_report/random_weights.h"

#include <cmath>
#include <cstring>

#include "base/counter_rng.h"

namespace tritium::gpu_report {
namespace {

// Sixteen codes: 3, which is none, becomes 1.
uint32_t random_codes(uint64_t bits) {
  const auto word = static_cast<uint32_t>(bits);
  const uint32_t threes = word & (word >> 1) & 0x55555555u;
  return word & ~(threes << 1);
}

}  // namespace

TernaryMatrix random_trits(int64_t n_matrices, int64_t rows, int64_t cols, uint64_t seed) {
  TernaryMatrix matrix(n_matrices, rows, cols, ScaleGranularity::tensor);
  const auto words_of_row = static_cast<size_t>(cols / TernaryMatrix::kCodesPerWord);
  const auto stride = static_cast<size_t>(matrix.words_per_row());
  const std::span<uint32_t> words = matrix.words();
  for (size_t row = 0; row * stride < words.size(); ++row)  // the padding keeps its zeros
    for (size_t i = 0; i < words_of_row; ++i)
      words[row * stride + i] = random_codes(random_bits(seed, row * stride + i));
  matrix.scales()[0] = static_cast<float>(std::sqrt(2.0 / static_cast<double>(cols)));
  return matrix;
}

DenseMatrix random_halves(int64_t rows, int64_t cols, uint64_t seed) {
  constexpr uint64_t kSignsAndMantissas = 0x83FF83FF83FF83FFu;
  constexpr uint64_t kExponents = 0x2400240024002400u;  // 2^-6
  DenseMatrix matrix{.n_matrices = 1, .rows = rows, .cols = cols, .dtype = DType::f16, .bytes = {}};
  matrix.bytes.resize(static_cast<size_t>(rows * cols) * 2);
  for (size_t at = 0; at < matrix.bytes.size(); at += sizeof(uint64_t)) {
    const uint64_t four = (random_bits(seed, at) & kSignsAndMantissas) | kExponents;
    std::memcpy(&matrix.bytes[at], &four, std::min(sizeof four, matrix.bytes.size() - at));
  }
  return matrix;
}

std::vector<float> random_floats(int64_t n, float magnitude, uint64_t seed) {
  std::vector<float> values(static_cast<size_t>(n));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = magnitude * static_cast<float>(2.0 * random_unit(seed, i) - 1.0);
  return values;
}

}  // namespace tritium::gpu_report
