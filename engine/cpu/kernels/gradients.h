// Gradients of act(gate) up, of the sum of experts and of x / rms(x) weight, and their sum of squares;
// -log softmax(logits)[target] and T^2 KL(teacher || student) with theirs.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/elementwise.h"
#include "cpu/kernels/exp_single.h"

namespace tritium::cpu {
namespace {

// Value and slope of the formulas of cpu_ref/gated_activation.cpp.
struct SiluGradient {
  template <typename V>
  TRITIUM_INLINE void of(typename V::F x, typename V::F& value, typename V::F& slope) {
    const auto s = 1.0f / (exp_single<V>(-x) + 1.0f);
    value = x * s;
    slope = s * (1.0f + x * (1.0f - s));
  }
};
struct GeluGradient {
  template <typename V>
  TRITIUM_INLINE void of(typename V::F x, typename V::F& value, typename V::F& slope) {
    const auto u = (x + x * x * x * 0.044715f) * 0.79788456f;
    const auto du = (1.0f + x * x * (3.0f * 0.044715f)) * 0.79788456f;
    const auto s = 1.0f / (exp_single<V>(u * -2.0f) + 1.0f);
    value = x * s;
    slope = s + x * 2.0f * s * (1.0f - s) * du;
  }
};
struct Relu2Gradient {
  template <typename V>
  TRITIUM_INLINE void of(typename V::F x, typename V::F& value, typename V::F& slope) {
    const auto positive = x > 0.0f ? x : typename V::F{};
    value = positive * positive;
    slope = 2.0f * positive;
  }
};
struct LeakyRelu2Gradient {
  template <typename V>
  TRITIUM_INLINE void of(typename V::F x, typename V::F& value, typename V::F& slope) {
    value = x > 0.0f ? x * x : x * x * 0.25f;
    slope = x > 0.0f ? x * 2.0f : x * 0.5f;
  }
};

template <typename V, typename Gradient>
void gated_gradient(const GatedActivationBackwardParams& p, Range r, const float* gates, const float* ups,
                    const float* dys, float* dgate, float* dup) {
  const float clamp = p.clamp_at > 0.0f ? p.clamp_at : __builtin_inff();
  for_vectors<V>(
      r.first, r.last, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
        const auto gate = load_up_to<V>(gates + i, n);
        const auto dy = load_up_to<V>(dys + i, n);
        typename V::F value, slope;
        Gradient::template of<V>(gate > clamp ? V::all(clamp) : gate, value, slope);
        if (p.gated == 0) return store_up_to<V>(dgate + i, gate > clamp ? typename V::F{} : dy * slope, n);
        const auto up = load_up_to<V>(ups + i, n);
        const auto clipped = up > clamp ? V::all(clamp) : up < -clamp ? V::all(-clamp) : up;
        store_up_to<V>(dgate + i, gate > clamp ? typename V::F{} : dy * slope * clipped, n);
        store_up_to<V>(dup + i, V::magnitude(up) > clamp ? typename V::F{} : dy * value, n);
      });
}

template <typename V>
void gated_activation_backward(const GatedActivationBackwardParams& p, Range r, const float* gate, const float* up,
                               const float* dy, float* dgate, float* dup) {
  if (p.activation == 0) return gated_gradient<V, SiluGradient>(p, r, gate, up, dy, dgate, dup);
  if (p.activation == 1) return gated_gradient<V, GeluGradient>(p, r, gate, up, dy, dgate, dup);
  if (p.activation == 2) return gated_gradient<V, Relu2Gradient>(p, r, gate, up, dy, dgate, dup);
  gated_gradient<V, LeakyRelu2Gradient>(p, r, gate, up, dy, dgate, dup);
}

// dx of a slot = its weight dy, dweight = <dy, x>
template <typename V>
void combine_experts_backward(const CombineExpertsBackwardParams& p, Range tokens, const float* all_x,
                              const float* weights, const float* all_dy, float* all_dx, float* dweights) {
  const int64_t top_k = p.top_k, dim = p.dim;
  for (int64_t slot = tokens.first * top_k; slot < tokens.last * top_k; ++slot) {
    const float *x = all_x + slot * dim, *dy = all_dy + slot / top_k * dim;
    float* dx = all_dx + slot * dim;
    const float weight = weights[slot];
    typename V::F products = {};
    for_vectors<V>(
        0, dim, [&](int64_t d, int64_t n) __attribute__((always_inline)) {
          const auto gradient = load_up_to<V>(dy + d, n);
          store_up_to<V>(dx + d, gradient * weight, n);
          products = V::fma(gradient, load_up_to<V>(x + d, n), products);
        });
    dweights[slot] = lane_sum<V>(products);
  }
}

// dx of rows, and 1 / rms of each for the gradient of the weight.
template <typename V>
void rms_norm_backward(const RmsNormGradient& g, int64_t first, int64_t last) {
  const int64_t dim = g.p.dim;
  for (int64_t row = first; row < last; ++row) {
    const float* x = g.x + row * dim;
    const float* dy = g.dy + row * dim;
    float* dx = g.dx + row * dim;
    typename V::F squares = {}, products = {};
    for_vectors<V>(
        0, dim, [&](int64_t d, int64_t n) __attribute__((always_inline)) {
          const auto in = load_up_to<V>(x + d, n);
          squares = V::fma(in, in, squares);
          products = V::fma(load_up_to<V>(g.weight + d, n) * load_up_to<V>(dy + d, n), in, products);
        });
    const auto n_values = static_cast<float>(dim);
    const float r = 1.0f / __builtin_sqrtf(lane_sum<V>(squares) / n_values + g.p.eps);
    const float towards_x = r * r * (lane_sum<V>(products) / n_values);
    g.inverse_rms[row] = r;
    for_vectors<V>(
        0, dim, [&](int64_t d, int64_t n) __attribute__((always_inline)) {
          auto gradient =
              (load_up_to<V>(g.weight + d, n) * load_up_to<V>(dy + d, n) - load_up_to<V>(x + d, n) * towards_x) * r;
          if (g.p.accumulate) gradient += load_up_to<V>(dx + d, n);
          store_up_to<V>(dx + d, gradient, n);
        });
  }
}

// dweight of vectors of columns, over all rows in order.
template <typename V>
void rms_norm_weight_gradient(const RmsNormGradient& g, int64_t first, int64_t last) {
  const int64_t dim = g.p.dim;
  for (int64_t d = first * V::kLanes; d < dim && d < last * V::kLanes; d += V::kLanes) {
    const int64_t n = dim - d < V::kLanes ? dim - d : V::kLanes;
    typename V::F sum = {};
    for (int64_t row = 0; row < g.p.n_rows; ++row)
      sum += load_up_to<V>(g.dy + row * dim + d, n) * load_up_to<V>(g.x + row * dim + d, n) * g.inverse_rms[row];
    store_up_to<V>(g.dweight + d, load_up_to<V>(g.dweight + d, n) + sum, n);
  }
}

template <typename V>
double sum_squares(const float* x, int64_t n) {
  typename V::D sums[2] = {};
  for_vectors<V>(
      0, n, [&](int64_t i, int64_t left) __attribute__((always_inline)) {
        const auto value = widen<V>(load_up_to<V>(x + i, left));
        sums[i / V::kLanes % 2] += value * value;
      });
  return lane_sum<V>(sums[0] + sums[1]);
}

template <typename V>
void cross_entropy(const CrossEntropyParams& p, Range rows, const float* all_logits, const int32_t* targets,
                   float* losses, float* all_dlogits) {
  const int64_t vocab = p.vocab_size;
  for (int64_t row = rows.first; row < rows.last; ++row) {
    const float* logits = all_logits + row * vocab;
    float* dlogits = p.with_gradient ? all_dlogits + row * vocab : nullptr;
    const int32_t target = targets[row];
    if (target < 0) {
      losses[row] = 0.0f;
      if (p.with_gradient) __builtin_memset(dlogits, 0, sizeof(float) * static_cast<size_t>(vocab));
      continue;
    }
    const float top = largest_of<V>(logits, vocab);
    typename V::D total = {};
    for_vectors<V>(
        0, vocab, [&](int64_t c, int64_t n) __attribute__((always_inline)) {
          total += widen<V>(exp_up_to<V>(load_up_to<V>(logits + c, n) - top, n));
        });
    const double sum = lane_sum<V>(total);
    const double lse = static_cast<double>(top) + __builtin_log(sum);
    losses[row] = static_cast<float>(lse - static_cast<double>(logits[target]));
    if (!p.with_gradient) continue;
    const auto factor = static_cast<float>(static_cast<double>(p.scale) / sum);
    for_vectors<V>(
        0, vocab, [&](int64_t c, int64_t n) __attribute__((always_inline)) {
          store_up_to<V>(dlogits + c, exp_single<V>(load_up_to<V>(logits + c, n) - top) * factor, n);
        });
    dlogits[target] -= p.scale;
  }
}

// Formulas: KlDivergence, with u and v the logits of student and teacher below their largest, by the temperature.
template <typename V>
void kl_divergence(const KlDivergenceParams& params, Range rows, const float* logits, const float* teachers,
                   const int32_t* targets, float* losses, float* all_dlogits) {
  const int64_t vocab = params.vocab_size;
  const float inverse = 1.0f / params.temperature;
  for (int64_t row = rows.first; row < rows.last; ++row) {
    if (targets[row] < 0) {
      losses[row] = 0.0f;
      continue;
    }
    const float* student = logits + row * vocab;
    const float* teacher = teachers + row * vocab;
    const float student_top = largest_of<V>(student, vocab), teacher_top = largest_of<V>(teacher, vocab);
    typename V::D student_total = {}, teacher_total = {}, cross_total = {};
    for_vectors<V>(
        0, vocab, [&](int64_t c, int64_t n) __attribute__((always_inline)) {
          const auto u = (load_up_to<V>(student + c, n) - student_top) * inverse;
          const auto v = (load_up_to<V>(teacher + c, n) - teacher_top) * inverse;
          const auto teacher_terms = exp_up_to<V>(v, n);
          student_total += widen<V>(exp_up_to<V>(u, n));
          teacher_total += widen<V>(teacher_terms);
          cross_total += widen<V>(teacher_terms > 0.0f ? teacher_terms * (v - u) : typename V::F{});
        });
    const double q_sum = lane_sum<V>(student_total), p_sum = lane_sum<V>(teacher_total);
    const double divergence = lane_sum<V>(cross_total) / p_sum + __builtin_log(q_sum) - __builtin_log(p_sum);
    const double temperature = static_cast<double>(params.temperature);
    losses[row] = divergence < 0.0 ? 0.0f : static_cast<float>(temperature * temperature * divergence);
    if (!params.with_gradient) continue;
    const double factor = static_cast<double>(params.scale) * temperature;
    const auto q_factor = static_cast<float>(factor / q_sum), p_factor = static_cast<float>(factor / p_sum);
    float* dlogits = all_dlogits + row * vocab;
    for_vectors<V>(
        0, vocab, [&](int64_t c, int64_t n) __attribute__((always_inline)) {
          const auto q = exp_single<V>((load_up_to<V>(student + c, n) - student_top) * inverse) * q_factor;
          const auto p = exp_single<V>((load_up_to<V>(teacher + c, n) - teacher_top) * inverse) * p_factor;
          store_up_to<V>(dlogits + c, load_up_to<V>(dlogits + c, n) + (q - p), n);
        });
  }
}

}  // namespace
}  // namespace tritium::cpu
