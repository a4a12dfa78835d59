// What the kernels of a family take: tensors, layouts and ranges of one call. Plain structs, for the reason that
// kernels.h gives.
#pragma once

#include <stdint.h>

#include "cpu/layout/base3.h"
#include "cpu/layout/rows32.h"
#include "shaders/params/attention.h"
#include "shaders/params/attention_backward.h"
#include "shaders/params/dtype.h"
#include "shaders/params/rms_norm_backward.h"

namespace tritium::cpu {

// Rows of activations in the order in which their matrices are computed; rows of one matrix lie together.
struct TernaryActivations {
  const int8_t* q;         // (X, chunks * 16)
  const float* scales;     // (X, n_blocks)
  const int32_t* q_rows;   // the row of q that each packed row copies
  int64_t chunks;          // of 16 columns in a row
  int64_t used_chunks;     // without those of padding alone, which are not packed
  int64_t segment_chunks;  // chunks with one weight scale and one activation scale
  int64_t n_blocks;        // activation scales in a row
  // A panel of w rows starting at packed row r begins at r * (size of one row) in each of these.
  int8_t* packed;        // as the kernels want them; kPackedSlack bytes follow that may be read
  int32_t* sums;         // (segments, w), sum of q over a segment
  float* packed_scales;  // (n_blocks, w)
};
inline constexpr int64_t kPackedSlack = 1024;

// Where the trits of a matrix are.
struct TritPlane {
  const uint32_t* words;    // of block `first_block` and those behind it
  int64_t row_words;        // words of a row: layout.chunks, or fewer where they are base3
  int64_t first_block = 0;  // of the matrix
  bool in_cache = false;    // they were just made: nothing has to be fetched

  [[gnu::always_inline]] const uint32_t* at(Rows32::Place place, int64_t word) const {
    return words + ((place.block - first_block) * row_words + word) * kBlockRows + place.lane;
  }
};

struct TernaryProduct {
  Rows32 layout;
  TritPlane trits;
  const float* weight_scales;  // of the matrix
  int64_t used_chunks;         // of a row of activations
  int64_t segment_chunks;
  int64_t group_chunks;  // chunks a weight scale covers
  int64_t block_chunks;  // chunks an activation scale covers
  const int8_t* packed;  // the first panel of this matrix, and what belongs to it
  const int32_t* sums;
  const float* packed_scales;
  int64_t n_tokens;
  const int32_t* y_rows;  // the row of y of each packed row
  float* y;               // (R, rows)
  // Where the matrix begins that is met after this one, so that its first blocks can be fetched; null: none is.
  const uint32_t* next_words = nullptr;
  const float* next_scales = nullptr;
  uint32_t* expanded = nullptr;  // room for a block of base3 as rows32 has it: (chunks, 32)
};

// As TernaryActivations, for weights of integers in blocks (shaders/lib/packed.h).
struct PackedActivations {
  uint32_t dtype;       // of the weights: TRITIUM_DTYPE_Q8_0, Q4_0, Q4_K or Q6_K
  const int8_t* q;      // (X, blocks * 256)
  const float* scales;  // (X, n_blocks)
  const int32_t* q_rows;
  int64_t blocks;
  int64_t n_blocks;  // 1, or one scale for 256 columns
  int8_t* packed;
  int32_t* starts;  // (blocks, kPackedStarts, w), what sums of products begin with
  float* packed_scales;
};
inline constexpr int64_t kPackedStarts = 16;

// A chunk of the layout is a word of codes, a group a word of scales.
struct PackedProduct {
  Rows32 layout;
  uint32_t dtype;
  const uint32_t* words;  // of the matrix
  const uint32_t* weight_scales;
  const int8_t* packed;  // the first panel of this matrix, and what belongs to it
  const int32_t* starts;
  const float* packed_scales;
  int64_t n_blocks;
  int64_t n_tokens;
  const int32_t* y_rows;
  float* y;
};

struct TernaryFloatProduct {
  Rows32 layout;
  TritPlane trits;
  const float* weight_scales;
  int64_t cols;
  int64_t group_chunks;
  const float* x;  // (X, cols)
  const int32_t* x_rows;
  int64_t n_tokens;
  const int32_t* y_rows;
  float* y;
  const uint32_t* next_words = nullptr;  // as above
  uint32_t* expanded = nullptr;
};

struct DenseProduct {
  const void* weight;  // of the matrix
  uint32_t dtype;      // TRITIUM_DTYPE_F32, F16 or BF16
  int64_t rows;
  int64_t cols;
  int64_t row_stride;
  const float* x;  // (X, cols)
  const int32_t* x_rows;
  int64_t n_tokens;
  const int32_t* y_rows;
  float* y;
};

// What the second matrix of a FloatProduct is stored as (kernels/float_product.h).
enum class OperandKind {
  floats,             // B(k, j) = data[rows[k] * stride + j]
  transposed_floats,  // B(k, j) = data[j * stride + k]
  halves,             // as floats, in f16 or bf16
  transposed_halves,
  codes,  // int8 times scales, as floats
  trits,  // row k of a packed matrix, times its scales
};

struct ProductOperand {
  OperandKind kind;
  const void* data;
  const int32_t* rows = nullptr;  // null: row k itself; floats and codes alone
  int64_t stride = 0;             // elements from a row to the next
  Rows32 layout = {};             // of trits
  uint32_t dtype = 0;             // of halves
  const float* scales = nullptr;  // of codes and trits
  int64_t n_scales = 0;           // of a row of codes
  int64_t scale_columns = 0;      // columns that a scale covers
};

// C(i, j) = or += sum over k < depth of A(i, k) B(k, j), i < m, j < n
struct FloatProduct {
  int64_t m, n, depth;
  const float* a;
  const int32_t* a_rows;  // null: in order
  int64_t a_stride;
  bool a_by_column = false;  // A(i, k) = a[a_rows[k] * a_stride + i], else a[a_rows[i] * a_stride + k]
  ProductOperand b;
  float* c;
  const int32_t* c_rows = nullptr;
  int64_t c_stride;
  bool accumulate = false;
};

// The product of rows [first, last) of A, and so of C.
inline FloatProduct of_rows(FloatProduct p, int64_t first, int64_t last) {
  p.m = last - first;
  if (p.a_by_column)
    p.a += first;
  else if (p.a_rows)
    p.a_rows += first;
  else
    p.a += first * p.a_stride;
  if (p.c_rows)
    p.c_rows += first;
  else
    p.c += first * p.c_stride;
  return p;
}

// Floats times factors, rounded to integers of 16 bits of the largest magnitude that they share a scale with. Two terms
// of a sum are one element of `pairs`, an odd last one has 0 beside it. Below 1e-34 all are 0; where one is not finite
// the scale is NaN.
struct ShortRows {  // terms are columns: pairs [row r][n_pairs], scales [r]
  const float* x;
  const int32_t* x_rows;
  int64_t n;
  const float* factors;   // of 32 columns side by side,
  int64_t factor_stride;  // of the next 32 so much further
  int32_t* pairs;
  float* scales;
};
struct ShortColumns {  // terms are rows: pairs [row r / 2][n], scales [r / kShortTerms][n]
  const float* x;
  const int32_t* x_rows;
  int64_t n_rows, n;
  const float* factors;  // of row r: factors[factor_rows[r] * factor_stride]
  const int32_t* factor_rows;
  int64_t factor_stride;
  int32_t* pairs;
  float* scales;
};
inline constexpr int64_t kShortTerms = 256;  // 2^31 / (2^15 * 2^7): the sum of so many products with int8 is exact

// C(i, j) = or += sum over k < depth of scale(i) A(i, k) B(k, j), A of 16-bit integers, B of int8 codes or trits
// without their scales; each kShortTerms terms are an exact sum.
struct ShortProduct {
  int64_t m, n, depth;
  const int32_t* a;  // pairs (A(i, k), A(i, k + 1))
  int64_t a_stride;
  bool a_by_column;       // pair at a[k / 2 * a_stride + i], else a[i * a_stride + k / 2]
  const float* a_scales;  // of term k: a_scales[k / kShortTerms * a_scale_stride + i]
  int64_t a_scale_stride;
  ProductOperand b;
  float* c;
  const int32_t* c_rows = nullptr;
  int64_t c_stride;
  bool accumulate = true;
};
inline ShortProduct of_rows(ShortProduct p, int64_t first, int64_t last) {
  p.m = last - first;
  p.a += first * (p.a_by_column ? 1 : p.a_stride);
  p.a_scales += first;
  if (p.c_rows)
    p.c_rows += first;
  else
    p.c += first * p.c_stride;
  return p;
}

struct AttentionCall {
  AttentionParams p;
  const float* q;
  const int32_t* rows;
  const void* k_cache;
  const void* v_cache;
  const float* k_scales;  // of int8 codes
  const float* v_scales;
  float* y;
  float* partials = nullptr;  // [n_tokens, n_heads, n_spans, value_dim + 2], where spans are tasks
};

// What an attention task computes: `tokens` queries of `heads` heads that share a kv head, or one token's of all heads
// of kv_heads of them, over all keys that they see, or over one of several spans.
struct AttentionTiling {
  int64_t tokens;
  int64_t heads;
  int64_t kv_heads;
  int64_t n_spans;  // 1: a task goes through all
  int64_t n_tasks;
};
inline constexpr int64_t kAttentionQueries = 32;  // in a task, at most
inline constexpr int64_t kAttentionSpan = 1024;   // keys whose softmax is one of its own

// Attention of whole sequences: forward q, k, v -> y; backward also dy -> dq, dk, dv.
struct TrainingAttention {
  AttentionBackwardParams p;
  const float *q, *k, *v;
  float* y = nullptr;
  const float* dy = nullptr;
  float *dq = nullptr, *dk = nullptr, *dv = nullptr;
};
inline constexpr int64_t kTrainingQueries = 64;  // of a head at a time; scratch: 2 * kTrainingQueries * sequence_length

struct RmsNormGradient {
  RmsNormBackwardParams p;
  const float *x, *weight, *dy;
  float *dx, *dweight;
  float* inverse_rms;  // [n_rows]
};

// What a thread does of an operation.
struct Range {
  int64_t first, last;
};

}  // namespace tritium::cpu
