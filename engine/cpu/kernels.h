// The inner loops that instruction sets provide, in families; their arguments: kernel_calls.h.
//
// The files in isa/ are compiled for processors that may not be the one that runs. An inline function
// compiled there could be the copy that the linker keeps for the whole program, so they see nothing but this
// header and its own, the parameter structs and the compiler's intrinsics: plain structs and pointers, no library
// types, nothing inline.
#pragma once

#include <stdint.h>

#include "cpu/kernel_calls.h"
#include "cpu/layout/rows32.h"
#include "shaders/params/adamw_update.h"
#include "shaders/params/add.h"
#include "shaders/params/argmax.h"
#include "shaders/params/combine_experts.h"
#include "shaders/params/combine_experts_backward.h"
#include "shaders/params/cross_entropy.h"
#include "shaders/params/embedding.h"
#include "shaders/params/flip_trits.h"
#include "shaders/params/gated_activation.h"
#include "shaders/params/gated_activation_backward.h"
#include "shaders/params/kl_divergence.h"
#include "shaders/params/quantize_activations.h"
#include "shaders/params/reject_values.h"
#include "shaders/params/reject_values_backward.h"
#include "shaders/params/rms_norm.h"
#include "shaders/params/rope.h"
#include "shaders/params/route_tokens.h"
#include "shaders/params/scale_columns.h"
#include "shaders/params/scale_columns_backward.h"
#include "shaders/params/scaled_add.h"
#include "shaders/params/sgd_update.h"
#include "shaders/params/soft_cap.h"
#include "shaders/params/soft_cap_backward.h"
#include "shaders/params/store_kv.h"
#include "shaders/params/ternarize.h"

namespace tritium::cpu {

// The families of kernels: a rung (rungs.h) has some of them, or all. Every function computes a part of its operation
// (engine/ops): [first, last), or the Range of one whose parts do not depend on each other.

// Products with packed trits.
struct TernaryKernels {
  bool base3;  // whether weights may be base3
  // Rows in a panel of packed activations (the last of a matrix may have fewer), if the matrix has `rows` of them.
  int64_t (*panel_tokens)(int64_t rows, int64_t segment_chunks);
  int packed_chunk_bytes;  // of one row

  // Of packed rows first … last - 1, one panel of a matrix with `rows` of them.
  void (*pack_activations)(const TernaryActivations& a, int64_t rows, int64_t first, int64_t last);
  // Of blocks of weight rows (layout/rows32.h).
  void (*ternary_matmul)(const TernaryProduct& m, int64_t first, int64_t last);
  void (*ternary_matmul_f32)(const TernaryFloatProduct& m, int64_t first, int64_t last);
};

struct PackedKernels {
  int64_t panel_tokens;  // rows in a panel of activations
  // Of packed rows first … last - 1, one panel.
  void (*pack_activations)(const PackedActivations& a, int64_t first, int64_t last);
  // Of blocks of weight rows (layout/rows32.h).
  void (*packed_matmul)(const PackedProduct& m, int64_t first, int64_t last);
};

// Products of gradients rounded to 16 bits; none of them where floats are faster.
struct ShortKernels {
  // Of rows; of vectors of columns.
  void (*round_rows)(const ShortRows& r, int64_t first, int64_t last);
  void (*round_columns)(const ShortColumns& c, int64_t first, int64_t last);
  // Of vectors of columns.
  void (*short_product)(const ShortProduct& p, int64_t first, int64_t last);
};

// Products of floats.
struct FloatKernels {
  int lanes;  // floats in a vector

  // Of weight rows.
  void (*dense_matmul)(const DenseProduct& m, int64_t first, int64_t last);
  // Of vectors of columns.
  void (*float_product)(const FloatProduct& p, int64_t first, int64_t last);
};

struct AttentionKernels {
  // Of tasks.
  void (*attention)(const AttentionCall& a, const AttentionTiling& tiling, int64_t first, int64_t last);
  // Of (token, head) rows, where spans were tasks.
  void (*merge_attention)(const AttentionCall& a, const AttentionTiling& tiling, int64_t first, int64_t last);
  // Of pairs of a sequence and a kv head.
  void (*attention_of_sequences)(const TrainingAttention& a, float* scratch, int64_t first, int64_t last);
  void (*attention_backward)(const TrainingAttention& a, float* scratch, int64_t first, int64_t last);
};

// Operations that treat every value, or every row, alike.
struct RowKernels {
  // Of values.
  void (*add)(const AddParams& p, Range, const float* a, const float* b, float* y);
  void (*scaled_add)(const ScaledAddParams& p, Range, const float* a, const float* b, float* y);
  void (*gated_activation)(const GatedActivationParams& p, Range, const float* gate, const float* up, float* y);
  void (*soft_cap)(const SoftCapParams& p, Range, const float* x, float* y);
  // Of rows.
  void (*rms_norm)(const RmsNormParams& p, Range, const float* x, const float* weight, float* y);
  // Of blocks of all rows.
  void (*quantize_activations)(const QuantizeActivationsParams& p, Range, const float* x, int8_t* q, float* scales);
  // Of tokens.
  void (*embedding)(const EmbeddingParams& p, const Rows32& layout, Range, const void* table, const float* scales,
                    const int32_t* tokens, float* y);
  void (*rope)(const RopeParams& p, Range, const float* x, const int32_t* rows, const float* cos_sin, float* y);
  void (*store_kv)(const StoreKvParams& p, Range, const float* k, const float* v, const int32_t* rows, void* k_cache,
                   void* v_cache, float* k_scales, float* v_scales);
  void (*route_tokens)(const RouteTokensParams& p, Range, const float* logits, const float* bias, int32_t* expert_ids,
                       float* weights);
  void (*combine_experts)(const CombineExpertsParams& p, Range, const float* x, const float* weights, float* y);
  void (*reject_values)(const RejectValuesParams& p, Range, const float* x, const float* v, float* y);
  // Of rows.
  void (*scale_columns)(const ScaleColumnsParams& p, Range, const float* z, const float* scales, const float* x,
                        float* y);
  void (*argmax)(const ArgmaxParams& p, Range, const float* logits, int32_t* ids);
};

// Losses, and gradients that are no products.
struct GradientKernels {
  int lanes;

  // Of values.
  void (*gated_activation_backward)(const GatedActivationBackwardParams& p, Range, const float* gate, const float* up,
                                    const float* dy, float* dgate, float* dup);
  void (*soft_cap_backward)(const SoftCapBackwardParams& p, Range, const float* x, const float* dy, float* dx);
  double (*sum_squares)(const float* x, int64_t n);
  // Of tokens.
  void (*combine_experts_backward)(const CombineExpertsBackwardParams& p, Range, const float* x, const float* weights,
                                   const float* dy, float* dx, float* dweights);
  void (*reject_values_backward)(const RejectValuesBackwardParams& p, Range, const float* x, const float* v,
                                 const float* dy, float* dx, float* dv);
  // Of columns; then of rows.
  void (*column_products)(const ScaleColumnsBackwardParams& p, Range, const float* z, const float* dy,
                          double* products);
  void (*scale_columns_gradient)(const ScaleColumnsBackwardParams& p, Range, const float* scales, const float* dy,
                                 float* dz);
  // Of rows; then of vectors of columns.
  void (*rms_norm_backward)(const RmsNormGradient& g, int64_t first, int64_t last);
  void (*rms_norm_weight_gradient)(const RmsNormGradient& g, int64_t first, int64_t last);
  // Of rows.
  void (*cross_entropy)(const CrossEntropyParams& p, Range, const float* logits, const int32_t* targets, float* losses,
                        float* dlogits);
  void (*kl_divergence)(const KlDivergenceParams& p, Range, const float* logits, const float* teacher,
                        const int32_t* targets, float* losses, float* dlogits);
};

// The optimisers' passes over the rows of a parameter and its trits.
struct UpdateKernels {
  void (*flip_trits)(const FlipTritsParams& p, const Rows32& layout, Range, float* change, uint32_t* words,
                     const float* scales, int32_t* flips);
  void (*ternarize)(const TernarizeParams& p, const Rows32& layout, Range, const void* parameter, const float* alpha,
                    uint32_t* words, float* scales, int32_t* flips, const float* bound);
  // Those that ShadowParams does not ask for are null.
  void (*adamw_update)(const AdamwUpdateParams& p, const Rows32& layout, Range, void* parameter, float* sums,
                       const float* alpha, uint32_t* words, float* scales, int32_t* flips, float* gradient, void* m,
                       void* v, float* m_scales, float* v_scales, const float* uses);
  void (*sgd_update)(const SgdUpdateParams& p, const Rows32& layout, Range, void* parameter, float* sums,
                     const float* alpha, uint32_t* words, float* scales, int32_t* flips, float* gradient, float* m,
                     const float* uses);
};

// One of each, compiled for one instruction set by a file in isa/.
struct KernelSet {
  TernaryKernels ternary;
  PackedKernels packed;
  FloatKernels floats;
  ShortKernels shorts;
  AttentionKernels attention;
  RowKernels rows;
  GradientKernels gradients;
  UpdateKernels updates;
};
extern const KernelSet kPortableKernels;
extern const KernelSet kNeonDotKernels;
extern const TernaryKernels kNeonI8mmKernels;  // beside those of NEON's dot products
extern const KernelSet kAvx2Kernels;
extern const KernelSet kAvxVnniKernels;
extern const KernelSet kAvx512VnniKernels;
extern const TernaryKernels kAvx512VbmiKernels;  // beside those of AVX-512 VNNI
extern const TernaryKernels kAmxInt8Kernels;     // beside those of AVX-512 VNNI

}  // namespace tritium::cpu
