// y = x W^T, int8 activations times integers in blocks of 256 columns (shaders/lib/packed.h), a block of 32 weight rows
// by up to V::kPackedTokens activation rows at a time.
//
// Lanes are weight rows. A word of codes, shifted and masked, is four unsigned bytes, the codes of four columns, which
// are multiplied with the same four columns of the activations, broadcast. From memory 4 to 8 bits a weight; half an
// operation of a vector for four.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/accumulate_segment.h"
#include "cpu/kernels/elementwise.h"

namespace tritium::cpu {
namespace {

// What one type has: codes of kBits, a scale for kPart columns, which is a float of its own or an integer of a block's.
template <uint32_t kDType>
struct PackedType {
  static constexpr bool kK = kDType == TRITIUM_DTYPE_Q4_K || kDType == TRITIUM_DTYPE_Q6_K;
  static constexpr bool kMinima = kDType == TRITIUM_DTYPE_Q4_K;
  static constexpr int kBits = kDType == TRITIUM_DTYPE_Q8_0 ? 8 : kDType == TRITIUM_DTYPE_Q6_K ? 6 : 4;
  static constexpr int kBias = kDType == TRITIUM_DTYPE_Q6_K   ? 32
                               : kDType == TRITIUM_DTYPE_Q4_0 ? 8
                                                              : 0;            // of 8 bits: V's
  static constexpr int kChunksOfPart = kDType == TRITIUM_DTYPE_Q6_K ? 1 : 2;  // of 16 columns
  static constexpr int kChunkWords = kBits / 2;
  static constexpr int kScaleWords = kDType == TRITIUM_DTYPE_Q6_K ? 5 : 4;  // of a block
};

// Lanes of finite f16 as floats. The product moves the exponent from bias 15 to 127 and is exact for subnormals too.
template <typename V>
TRITIUM_INLINE typename V::F halves(typename V::U bits) {
  const auto magnitude = V::bits_to_float((bits & 0x7FFFu) << 13) * 0x1p112f;
  return V::bits_to_float(V::float_to_bits(magnitude) | (bits & 0x8000u) << 16);
}

// The codes of columns 4g … 4g + 3 of a chunk whose words are `w`.
template <typename V, int kBits>
TRITIUM_INLINE typename V::U four_codes(const typename V::U* w, int g) {
  if constexpr (kBits == 8) {
    return w[g];
  } else {
    const auto nibbles = w[g / 2] >> static_cast<uint32_t>(4 * (g % 2)) & 0x0F0F0F0Fu;
    if constexpr (kBits == 4) return nibbles;
    return nibbles | (w[2] >> static_cast<uint32_t>(2 * g) & 0x03030303u) << 4;
  }
}

template <typename V, uint32_t kDType, int kTokens>
struct PackedTile {
  using T = PackedType<kDType>;
  using F = typename V::F;
  using I = typename V::I;
  using U = typename V::U;
  static constexpr int kVectors = 2;
  static constexpr int kBias = T::kBits == 8 ? V::kByteBias : T::kBias;

  const PackedProduct& m;
  const int8_t* q[kTokens];
  const int32_t* sums[kTokens];  // of q, over 16 columns
  const float* scales[kTokens];
  F scaled[kVectors][kTokens] = {};
  F minima[kVectors][kTokens] = {};

  // Adds what chunk number `chunk` of the row is to the products.
  TRITIUM_INLINE void add_chunk(const PackedTile& t, const uint32_t* words, int64_t chunk,
                                I (&sum)[kVectors][kTokens]) {
    U w[kVectors][T::kChunkWords];
    TRITIUM_UNROLL
    for (int i = 0; i < T::kChunkWords; ++i) {
      if constexpr (kTokens <= 2) {
        __builtin_prefetch(words + i * kRowStride + 512);
        __builtin_prefetch(words + i * kRowStride + 528);
      }
      TRITIUM_UNROLL
      for (int v = 0; v < kVectors; ++v) w[v][i] = V::load(words + i * kRowStride + v * V::kLanes);
    }
    TRITIUM_UNROLL
    for (int g = 0; g < 4; ++g) {
      U codes[kVectors];
      TRITIUM_UNROLL
      for (int v = 0; v < kVectors; ++v) codes[v] = four_codes<V, T::kBits>(w[v], g);
      TRITIUM_UNROLL
      for (int k = 0; k < kTokens; ++k) {
        int32_t four = 0;
        __builtin_memcpy(&four, t.q[k] + 16 * chunk + 4 * g, 4);
        const I x = V::all_int(four);
        TRITIUM_UNROLL
        for (int v = 0; v < kVectors; ++v)
          sum[v][k] = T::kBits == 8 ? V::dot_bytes(sum[v][k], codes[v], x) : V::dot_small(sum[v][k], codes[v], x);
      }
    }
  }

  // Scale (or minimum) number `part` of each lane's block.
  TRITIUM_INLINE I integer_scale(const uint32_t* words, int part) {
    const auto shift = static_cast<uint32_t>(8 * (part % 4));
    const U word = V::load(words + (kDType == TRITIUM_DTYPE_Q6_K ? part / 4 : 1 + part / 4) * kRowStride);
    if constexpr (kDType == TRITIUM_DTYPE_Q6_K) return reinterpret_cast<I>(word << (24u - shift)) >> 24;
    return reinterpret_cast<I>(word >> shift & 63u);
  }
  TRITIUM_INLINE I integer_minimum(const uint32_t* words, int part) {
    const auto shift = static_cast<uint32_t>(8 * (part % 4));
    if (part < 4) return reinterpret_cast<I>(V::load(words + 3 * kRowStride) >> shift & 63u);
    U value = {};
    TRITIUM_UNROLL
    for (int i = 0; i < 3; ++i)
      value |= (V::load(words + (1 + i) * kRowStride) >> (shift + 6u) & 3u) << static_cast<uint32_t>(2 * i);
    return reinterpret_cast<I>(value);
  }

  TRITIUM_INLINE void add_block(PackedTile& t, const uint32_t* words, const uint32_t* block_scales, int64_t block,
                                int64_t scale_index) {
    constexpr int kParts = 16 / T::kChunksOfPart;
    I total[kVectors][kTokens] = {}, total_minima[kVectors][kTokens] = {};
    for (int part = 0; part < kParts; ++part) {
      I sum[kVectors][kTokens] = {};
      const int64_t first = block * 16 + part * T::kChunksOfPart;
      TRITIUM_UNROLL
      for (int c = 0; c < T::kChunksOfPart; ++c)
        add_chunk(t, words + (part * T::kChunksOfPart + c) * T::kChunkWords * kRowStride, first + c, sum);
      int32_t x_sum[kTokens];
      TRITIUM_UNROLL
      for (int k = 0; k < kTokens; ++k) {
        x_sum[k] = t.sums[k][first];
        if constexpr (T::kChunksOfPart == 2) x_sum[k] += t.sums[k][first + 1];
      }
      TRITIUM_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        const uint32_t* scale_words = block_scales + v * V::kLanes;
        if constexpr (T::kK) {
          const I scale = integer_scale(scale_words, part);
          const I minimum = T::kMinima ? integer_minimum(scale_words, part) : I{};
          for (int k = 0; k < kTokens; ++k) {
            total[v][k] += scale * (sum[v][k] - kBias * x_sum[k]);
            if constexpr (T::kMinima) total_minima[v][k] += minimum * x_sum[k];
          }
        } else {
          const U word = V::load(scale_words + part / 2 * kRowStride);
          const F d = halves<V>(word >> static_cast<uint32_t>(16 * (part % 2)) & 0xFFFFu);
          for (int k = 0; k < kTokens; ++k)
            accumulate_segment<V>(t.scaled[v][k], d, t.scales[k][scale_index], sum[v][k] - kBias * x_sum[k]);
        }
      }
    }
    if constexpr (T::kK) {
      for (int v = 0; v < kVectors; ++v) {
        const U word = V::load(block_scales + (T::kMinima ? 0 : 4) * kRowStride + v * V::kLanes);
        for (int k = 0; k < kTokens; ++k) {
          accumulate_segment<V>(t.scaled[v][k], halves<V>(word & 0xFFFFu), t.scales[k][scale_index], total[v][k]);
          if constexpr (T::kMinima)
            accumulate_segment<V>(t.minima[v][k], halves<V>(word >> 16), t.scales[k][scale_index], total_minima[v][k]);
        }
      }
    }
  }
};

template <typename V, uint32_t kDType, int kTokens>
void packed_tile(const PackedProduct& m, int64_t block, int64_t token) {
  using Tile = PackedTile<V, kDType, kTokens>;
  using T = PackedType<kDType>;
  constexpr int64_t kWords = 16 * T::kChunkWords;
  const int64_t blocks = m.layout.chunks / kWords, rows = m.layout.rows;
  for (int64_t lane = 0; lane < kBlockRows; lane += Tile::kVectors * V::kLanes) {
    const int64_t row = block * kBlockRows + lane;
    if (row >= rows) return;
    Tile tile = {.m = m};
    for (int k = 0; k < kTokens; ++k) {
      const int64_t x_row = m.x_rows[token + k];
      tile.q[k] = m.q + x_row * blocks * 256;
      tile.sums[k] = m.sums + x_row * blocks * 16;
      tile.scales[k] = m.scales + x_row * m.n_blocks;
    }
    for (int64_t b = 0; b < blocks; ++b)
      Tile::add_block(tile, m.words + m.layout.word({block, lane}, b * kWords),
                      m.weight_scales + m.layout.scale({block, lane}, b * T::kScaleWords), b, m.n_blocks > 1 ? b : 0);
    for (int v = 0; v < Tile::kVectors; ++v)
      for (int k = 0; k < kTokens; ++k) {
        const int64_t start = row + v * V::kLanes;
        const int64_t valid = rows - start < V::kLanes ? rows - start : V::kLanes;
        if (valid > 0)
          store_up_to<V>(m.y + m.y_rows[token + k] * rows + start, tile.scaled[v][k] - tile.minima[v][k], valid);
      }
  }
}

// A block of weights meets all tokens before the next one: it comes from memory once.
template <typename V, uint32_t kDType>
void packed_blocks(const PackedProduct& m, int64_t first, int64_t last) {
  constexpr int kTokens = V::kPackedTokens;
  for (int64_t block = first; block < last; ++block) {
    int64_t token = 0;
    for (; token + kTokens <= m.n_tokens; token += kTokens) packed_tile<V, kDType, kTokens>(m, block, token);
    for (; token < m.n_tokens; ++token) packed_tile<V, kDType, 1>(m, block, token);
  }
}

template <typename V>
void packed_matmul(const PackedProduct& m, int64_t first, int64_t last) {
  switch (m.dtype) {
    case TRITIUM_DTYPE_Q8_0: return packed_blocks<V, TRITIUM_DTYPE_Q8_0>(m, first, last);
    case TRITIUM_DTYPE_Q4_0: return packed_blocks<V, TRITIUM_DTYPE_Q4_0>(m, first, last);
    case TRITIUM_DTYPE_Q4_K: return packed_blocks<V, TRITIUM_DTYPE_Q4_K>(m, first, last);
    default: return packed_blocks<V, TRITIUM_DTYPE_Q6_K>(m, first, last);
  }
}

}  // namespace
}  // namespace tritium::cpu
