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

// What one type has: codes of kBits, a scale for a part of 16 or 32 columns, which is a float of its own or an integer
// of a block's.
template <uint32_t kDType>
struct PackedType {
  static constexpr bool kK = kDType == TRITIUM_DTYPE_Q4_K || kDType == TRITIUM_DTYPE_Q6_K;
  static constexpr bool kMinima = kDType == TRITIUM_DTYPE_Q4_K;
  static constexpr int kBits = kDType == TRITIUM_DTYPE_Q8_0 ? 8 : kDType == TRITIUM_DTYPE_Q6_K ? 6 : 4;
  static constexpr int kChunksOfPart = kDType == TRITIUM_DTYPE_Q6_K ? 1 : 2;  // of 16 columns
  static constexpr int kChunkWords = kBits / 2;
  static constexpr int kScaleWords = kDType == TRITIUM_DTYPE_Q6_K ? 5 : 4;  // of a block
  // What is subtracted from codes by where a part's sum starts.
  template <typename V>
  static constexpr int kBias = kBits == 8                     ? V::kByteBias
                               : kDType == TRITIUM_DTYPE_Q6_K ? 32
                               : kDType == TRITIUM_DTYPE_Q4_0 ? 8
                                                              : 0;
};

// The sum of a part. Of codes below 64 V::Sum may be of 16 bits: pairs of columns wrap around on the way, but what they
// come to with their bias is at most 2 * 4 * 32 * 127 (q6_k) or 2 * 8 * 15 * 127.
template <typename V, int kBits>
struct PartSum {
  typedef typename V::Sum Type;
  TRITIUM_INLINE typename V::I widen(Type sum) { return V::widen(sum); }
};
template <typename V>
struct PartSum<V, 8> {
  typedef typename V::I Type;
  TRITIUM_INLINE typename V::I widen(Type sum) { return sum; }
};

// Two sums of two columns each, as the halves of a word.
TRITIUM_INLINE int32_t two_halves(int32_t low, int32_t high) {
  return static_cast<int32_t>((static_cast<uint32_t>(low) & 0xFFFFu) | static_cast<uint32_t>(high) << 16);
}

// The sum over `n` columns; of those alone that are the first two of four, or the others.
TRITIUM_INLINE int32_t sum_of(const int8_t* q, int n) {
  int32_t sum = 0;
  for (int c = 0; c < n; ++c) sum += q[c];
  return sum;
}
TRITIUM_INLINE int32_t sum_of_pairs(const int8_t* q, int n, bool upper) {
  int32_t sum = 0;
  for (int c = 0; c < n; ++c) sum += (c % 4 >= 2) == upper ? q[c] : 0;
  return sum;
}

// What part number i's sum starts from: less bias times the sum of its activations. Of q4_k, for the minima, the sums
// of parts 0 and 2, 1 and 3, 4 and 6, 5 and 7.
template <typename V, uint32_t kDType>
TRITIUM_INLINE int32_t start_of(const int8_t* q, int i) {
  using T = PackedType<kDType>;
  constexpr int kColumns = 16 * T::kChunksOfPart, kBias = T::template kBias<V>;
  const int8_t* part = q + i * kColumns;
  if constexpr (T::kMinima) {
    part = q + (i / 2 * 4 + i % 2) * kColumns;
    return two_halves(sum_of(part, kColumns), sum_of(part + 2 * kColumns, kColumns));
  } else if constexpr (T::kBits < 8 && !__is_same(typename V::Sum, typename V::I)) {
    return two_halves(-kBias * sum_of_pairs(part, kColumns, false), -kBias * sum_of_pairs(part, kColumns, true));
  } else {
    return -kBias * sum_of(part, kColumns);
  }
}

// A panel of w rows: (groups of 4 columns, w, 4 bytes), and where the sums of its parts start: (blocks, kPackedStarts,
// w).
template <typename V, uint32_t kDType>
TRITIUM_INLINE void pack_rows(const PackedActivations& a, int64_t first, int64_t last) {
  constexpr int kStarts = PackedType<kDType>::kMinima ? 4 : 16 / PackedType<kDType>::kChunksOfPart;
  const int64_t width = last - first;
  int8_t* packed = a.packed + first * a.blocks * 256;
  int32_t* starts = a.starts + first * a.blocks * kPackedStarts;
  float* scales = a.packed_scales + first * a.n_blocks;
  for (int64_t t = 0; t < width; ++t) {
    const int8_t* q = a.q + a.q_rows[first + t] * a.blocks * 256;
    for (int64_t g = 0; g < a.blocks * 64; ++g) __builtin_memcpy(packed + 4 * (g * width + t), q + 4 * g, 4);
    for (int64_t b = 0; b < a.blocks; ++b)
      for (int i = 0; i < kStarts; ++i)
        starts[(b * kPackedStarts + i) * width + t] = start_of<V, kDType>(q + b * 256, i);
    for (int64_t b = 0; b < a.n_blocks; ++b) scales[b * width + t] = a.scales[a.q_rows[first + t] * a.n_blocks + b];
  }
}

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

// sum + the products of both halves of a lane.
template <typename V>
TRITIUM_INLINE typename V::I dot_two(typename V::I sum, typename V::I a, typename V::I b) {
  if constexpr (requires { V::dot_pairs(sum, a, b); })
    return V::dot_pairs(sum, a, b);
  else
    return sum + (a << 16 >> 16) * (b << 16 >> 16) + (a >> 16) * (b >> 16);
}

// Words from what is multiplied to what is fetched meanwhile: the first pass over a block has it from memory, and takes
// longer with several tokens (papers/cpu_kernels.md).
template <int kTokens>
constexpr int64_t kFromMemory = (kTokens == 1 ? 2048 : 8192) / 4;
constexpr int64_t kFromCache = 1024 / 4;

// A word of each row of a block: two lines.
TRITIUM_INLINE void fetch_words(const uint32_t* words) {
  __builtin_prefetch(words);
  __builtin_prefetch(words + 16);
}

// y of kTokens rows of activations, of the columns that were added up.
template <typename V, uint32_t kDType, int kTokens>
struct PackedTile {
  using T = PackedType<kDType>;
  using F = typename V::F;
  using I = typename V::I;
  using U = typename V::U;
  using Sums = PartSum<V, T::kBits>;
  using Sum = typename Sums::Type;
  static constexpr int kVectors = V::vectors_of(kTokens);
  static constexpr int kParts = 16 / T::kChunksOfPart;
  static constexpr int64_t kWords = 16 * T::kChunkWords;  // of a block

  F scaled[kVectors][kTokens] = {};
  F minima[kVectors][kTokens] = {};

  // Adds a chunk of 16 columns of the weights to the sums of its part.
  TRITIUM_INLINE void add_chunk(const uint32_t* words, const uint32_t* fetched, const int8_t* x,
                                Sum (&sum)[kVectors][kTokens]) {
    U w[kVectors][T::kChunkWords];
    TRITIUM_UNROLL
    for (int i = 0; i < T::kChunkWords; ++i) {
      fetch_words(fetched + i * kRowStride);
      TRITIUM_UNROLL
      for (int v = 0; v < kVectors; ++v) w[v][i] = V::load(words + i * kRowStride + v * V::kLanes);
    }
    TRITIUM_UNROLL
    for (int g = 0; g < 4; ++g) {
      U codes[kVectors];
      TRITIUM_UNROLL
      for (int v = 0; v < kVectors; ++v) codes[v] = four_codes<V, T::kBits>(w[v], g);
      const auto factors = V::template factors<kTokens>(x + 4 * g * kTokens);
      TRITIUM_UNROLL
      for (int k = 0; k < kTokens; ++k) {
        const auto factor = V::factor(factors, k);
        TRITIUM_UNROLL
        for (int v = 0; v < kVectors; ++v) {
          if constexpr (T::kBits == 8)
            sum[v][k] = V::dot_bytes(sum[v][k], codes[v], factor);
          else
            sum[v][k] = V::dot_small(sum[v][k], codes[v], factor);
        }
      }
    }
  }

  // Scale number `part` of each lane's block.
  TRITIUM_INLINE I integer_scale(const uint32_t* words, int part) {
    const auto shift = static_cast<uint32_t>(8 * (part % 4));
    const U word = V::load(words + (kDType == TRITIUM_DTYPE_Q6_K ? part / 4 : 1 + part / 4) * kRowStride);
    if constexpr (kDType == TRITIUM_DTYPE_Q6_K) return reinterpret_cast<I>(word << (24u - shift)) >> 24;
    return reinterpret_cast<I>(word >> shift & 63u);
  }

  // The sums of the minima times those of the activations, two parts at a time.
  TRITIUM_INLINE void add_minima(const uint32_t* words, const int32_t* starts, I (&total)[kVectors][kTokens]) {
    TRITIUM_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const uint32_t* lanes = words + v * V::kLanes;
      U upper = {};
      TRITIUM_UNROLL
      for (int i = 0; i < 3; ++i)
        upper |= (V::load(lanes + (1 + i) * kRowStride) >> 6 & 0x03030303u) << static_cast<uint32_t>(2 * i);
      const U four[2] = {V::load(lanes + 3 * kRowStride) & 0x3F3F3F3Fu, upper};
      TRITIUM_UNROLL
      for (int pair = 0; pair < 4; ++pair) {
        const I two = reinterpret_cast<I>(four[pair / 2] >> static_cast<uint32_t>(8 * (pair % 2)) & 0x00FF00FFu);
        TRITIUM_UNROLL
        for (int k = 0; k < kTokens; ++k)
          total[v][k] = dot_two<V>(total[v][k], two, V::all_int(starts[pair * kTokens + k]));
      }
    }
  }

  // Adds a block of 256 columns. Not inlined, so that the sums of its inner loop have the registers for themselves.
  [[gnu::noinline]] static void add_block(PackedTile& t, const uint32_t* words, const uint32_t* fetched,
                                          const uint32_t* scale_words, const int8_t* x, const int32_t* starts,
                                          const float* x_scales) {
    TRITIUM_UNROLL
    for (int i = 0; i < T::kScaleWords; ++i) fetch_words(scale_words + (4 * T::kScaleWords + i) * kRowStride);
    I total[kVectors][kTokens] = {};
    for (int part = 0; part < kParts; ++part) {
      Sum sum[kVectors][kTokens] = {};
      if constexpr (T::template kBias<V> != 0) {
        TRITIUM_UNROLL
        for (int k = 0; k < kTokens; ++k) {
          TRITIUM_UNROLL
          for (int v = 0; v < kVectors; ++v) sum[v][k] = reinterpret_cast<Sum>(V::all_int(starts[part * kTokens + k]));
        }
      }
      TRITIUM_UNROLL
      for (int c = 0; c < T::kChunksOfPart; ++c) {
        const int chunk = part * T::kChunksOfPart + c;
        const int64_t word = chunk * T::kChunkWords;
        add_chunk(words + word * kRowStride, fetched + word * kRowStride, x + 16 * chunk * kTokens, sum);
      }
      TRITIUM_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        const uint32_t* lanes = scale_words + v * V::kLanes;
        if constexpr (T::kK) {
          const I scale = integer_scale(lanes, part);
          TRITIUM_UNROLL
          for (int k = 0; k < kTokens; ++k) total[v][k] += V::scaled(sum[v][k], scale);
        } else {
          const U word = V::load(lanes + part / 2 * kRowStride);
          const F d = halves<V>(word >> static_cast<uint32_t>(16 * (part % 2)) & 0xFFFFu);
          TRITIUM_UNROLL
          for (int k = 0; k < kTokens; ++k) {
            accumulate_segment<V>(t.scaled[v][k], d, x_scales[k], Sums::widen(sum[v][k]));
          }
        }
      }
    }
    if constexpr (T::kK) {
      add_totals(t.scaled, scale_words + (T::kMinima ? 0 : 4) * kRowStride, 0, x_scales, total);
      if constexpr (T::kMinima) {
        I total_minima[kVectors][kTokens] = {};
        add_minima(scale_words, starts, total_minima);
        add_totals(t.minima, scale_words, 16, x_scales, total_minima);
      }
    }
  }

  // The scale of a block is the f16 at bit `shift` of a word.
  TRITIUM_INLINE void add_totals(F (&y)[kVectors][kTokens], const uint32_t* words, uint32_t shift,
                                 const float* x_scales, const I (&total)[kVectors][kTokens]) {
    TRITIUM_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const F d = halves<V>(V::load(words + v * V::kLanes) >> shift & 0xFFFFu);
      TRITIUM_UNROLL
      for (int k = 0; k < kTokens; ++k) accumulate_segment<V>(y[v][k], d, x_scales[k], total[v][k]);
    }
  }
};

template <typename V, uint32_t kDType, int kTokens>
void packed_tile(const PackedProduct& m, int64_t block, int64_t token) {
  using Tile = PackedTile<V, kDType, kTokens>;
  using T = PackedType<kDType>;
  const int64_t blocks = m.layout.chunks / Tile::kWords, rows = m.layout.rows;
  const int8_t* x = m.packed + token * blocks * 256;
  const int32_t* starts = m.starts + token * blocks * kPackedStarts;
  const float* x_scales = m.packed_scales + token * m.n_blocks;
  for (int64_t lane = 0; lane < kBlockRows; lane += Tile::kVectors * V::kLanes) {
    const int64_t row = block * kBlockRows + lane;
    if (row >= rows) return;
    Tile tile = {};
    const int64_t ahead = token == 0 && lane == 0 ? kFromMemory<kTokens> : kFromCache;
    for (int64_t b = 0; b < blocks; ++b)
      Tile::add_block(tile, m.words + m.layout.word({block, lane}, b * Tile::kWords),
                      m.words + m.layout.word({block, 0}, b * Tile::kWords) + ahead,
                      m.weight_scales + m.layout.scale({block, lane}, b * T::kScaleWords), x + b * 256 * kTokens,
                      starts + b * kPackedStarts * kTokens, x_scales + (m.n_blocks > 1 ? b * kTokens : 0));
    for (int v = 0; v < Tile::kVectors; ++v)
      for (int k = 0; k < kTokens; ++k) {
        const int64_t start = row + v * V::kLanes;
        const int64_t valid = rows - start < V::kLanes ? rows - start : V::kLanes;
        if (valid > 0)
          store_up_to<V>(m.y + m.y_rows[token + k] * rows + start, tile.scaled[v][k] - tile.minima[v][k], valid);
      }
  }
}

// The tile of the width that a panel has.
template <typename V, uint32_t kDType, int kTokens = V::kPackedTokens>
void packed_tile_of_width(const PackedProduct& m, int64_t block, int64_t token, int64_t width) {
  if (width == kTokens) return packed_tile<V, kDType, kTokens>(m, block, token);
  if constexpr (kTokens > 1) packed_tile_of_width<V, kDType, kTokens - 1>(m, block, token, width);
}

// A block of weights meets all panels before the next one: it comes from memory once.
template <typename V, uint32_t kDType>
void packed_blocks(const PackedProduct& m, int64_t first, int64_t last) {
  for (int64_t block = first; block < last; ++block)
    for (int64_t token = 0; token < m.n_tokens; token += V::kPackedTokens) {
      const int64_t left = m.n_tokens - token;
      packed_tile_of_width<V, kDType>(m, block, token, left < V::kPackedTokens ? left : V::kPackedTokens);
    }
}

// f(type) with the type of an operation's weights.
template <typename F>
TRITIUM_INLINE void with_type(uint32_t dtype, const F& f) {
  switch (dtype) {
    case TRITIUM_DTYPE_Q8_0: return f(Count<TRITIUM_DTYPE_Q8_0>{});
    case TRITIUM_DTYPE_Q4_0: return f(Count<TRITIUM_DTYPE_Q4_0>{});
    case TRITIUM_DTYPE_Q4_K: return f(Count<TRITIUM_DTYPE_Q4_K>{});
    default: return f(Count<TRITIUM_DTYPE_Q6_K>{});
  }
}

template <typename V>
void packed_matmul(const PackedProduct& m, int64_t first, int64_t last) {
  with_type(m.dtype, [&](auto type) { packed_blocks<V, decltype(type)::value>(m, first, last); });
}

template <typename V>
void pack_packed_activations(const PackedActivations& a, int64_t first, int64_t last) {
  with_type(a.dtype, [&](auto type) { pack_rows<V, decltype(type)::value>(a, first, last); });
}

}  // namespace
}  // namespace tritium::cpu
