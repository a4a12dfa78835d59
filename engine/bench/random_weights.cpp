#include "bench/random_weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/cancel.h"
#include "base/counter_rng.h"
#include "base/format_text.h"
#include "tensor/half.h"

namespace tritium::bench {
namespace {

class RandomTrits final : public TernaryRows {
 public:
  RandomTrits(const Shape& shape, uint64_t seed) : TernaryRows(shape, shape[2]), seed_(seed) {}

  Status read(int64_t first, int64_t n, std::span<uint32_t> words, std::span<float> scales) const override {
    const int64_t per_row = words_per_row(), of_values = cols() / TernaryMatrix::kCodesPerWord;
    for (int64_t r = 0; r < n; ++r) {
      uint32_t* row = words.data() + r * per_row;
      fill(row, of_values, static_cast<uint64_t>((first + r) * per_row));
      std::fill(row + of_values, row + per_row, TernaryMatrix::kZeroTrits);  // and the last columns of odd widths
    }
    const auto scale = static_cast<float>(std::sqrt(2.0 / static_cast<double>(cols())));
    // As files have it.
    std::ranges::fill(scales.first(static_cast<size_t>(n)), f16_to_f32(f32_to_f16(scale)));
    return Status();
  }

 private:
  // Thirty-two codes at a time; code 3, which is none, becomes 1.
  void fill(uint32_t* words, int64_t n, uint64_t counter) const {
    constexpr uint64_t kLowBits = 0x5555555555555555u;
    for (int64_t i = 0; i < n; i += 2) {
      const uint64_t bits = random_bits(seed_, counter + static_cast<uint64_t>(i));
      const uint64_t codes = bits & ~((bits & (bits >> 1) & kLowBits) << 1);
      std::memcpy(words + i, &codes, sizeof(uint32_t) * static_cast<size_t>(std::min<int64_t>(2, n - i)));
    }
  }
  uint64_t seed_;
};

// f16 numbers of a block that scale its integers: at which byte, and how large. `spread`: what a weight is to have.
struct BlockScale {
  size_t at = 0;
  double of_spread = 0;
};
struct BlockScales {
  BlockScale first{}, second{};  // the second one of q4_k alone: of the minima
};
BlockScales scales_of(DType dtype) {
  switch (dtype) {
    case DType::q8_0: return {{0, 1.0 / 74}};                  // deviation of 256 codes
    case DType::q4_0: return {{0, 1.0 / 4.6}};                 // of 16 codes
    case DType::q4_k: return {{0, 1.0 / 170}, {2, 1.0 / 40}};  // times scales and minima up to 63
    case DType::q6_k: return {{208, 1.0 / 1360}};              // 64 codes times 8-bit scales
    default: return {};
  }
}

class RandomDense final : public DenseRows {
 public:
  RandomDense(const Shape& shape, DType dtype, uint64_t seed)
      : DenseRows(shape, dtype), seed_(seed), spread_(1.0 / std::sqrt(static_cast<double>(shape[2]))) {}

  Status read(int64_t first, int64_t n, std::span<std::byte> out) const override {
    const auto bytes = static_cast<size_t>(n * row_bytes());
    const auto counter = static_cast<uint64_t>(first * row_bytes());
    if (dtype() == DType::f32) return read_floats(first * cols(), out.first(bytes));
    if (!is_packed(dtype())) return error(StatusCode::internal, "random ", name_of(dtype()), " is not made");
    for (size_t i = 0; i < bytes; i += sizeof(uint64_t)) {
      const uint64_t bits = random_bits(seed_, counter + i);
      std::memcpy(&out[i], &bits, std::min(sizeof bits, bytes - i));
    }
    const BlockScales scales = scales_of(dtype());
    const auto block = static_cast<size_t>(block_of(dtype()).bytes);
    for (size_t at = 0; at < bytes; at += block) {
      put(out.subspan(at), scales.first);
      if (scales.second.of_spread > 0) put(out.subspan(at), scales.second);
    }
    return Status();
  }

 private:
  Status read_floats(int64_t first, std::span<std::byte> out) const {
    for (size_t i = 0; i * sizeof(float) < out.size(); ++i) {
      const double unit = random_unit(seed_, static_cast<uint64_t>(first) + i);
      const auto value = static_cast<float>(spread_ * 1.7 * (2 * unit - 1));
      std::memcpy(&out[i * sizeof(float)], &value, sizeof value);
    }
    return Status();
  }
  void put(std::span<std::byte> block, BlockScale scale) const {
    const uint16_t half = f32_to_f16(static_cast<float>(spread_ * scale.of_spread));
    std::memcpy(&block[scale.at], &half, sizeof half);
  }
  uint64_t seed_;
  double spread_;
};

class Ones final : public DenseRows {
 public:
  explicit Ones(const Shape& shape) : DenseRows(shape, DType::f32) {}
  Status read(int64_t, int64_t n, std::span<std::byte> out) const override {
    const float one = 1.0f;
    for (size_t i = 0; i < static_cast<size_t>(n * row_bytes()); i += sizeof one)
      std::memcpy(&out[i], &one, sizeof one);
    return Status();
  }
};

}  // namespace

std::unique_ptr<TernaryRows> random_trits(const Shape& shape, uint64_t seed) {
  return std::make_unique<RandomTrits>(shape, seed);
}

std::unique_ptr<DenseRows> random_rows(const Shape& shape, DType dtype, uint64_t seed) {
  return std::make_unique<RandomDense>(shape, dtype, seed);
}

std::unique_ptr<DenseRows> ones(const Shape& shape) { return std::make_unique<Ones>(shape); }

}  // namespace tritium::bench
