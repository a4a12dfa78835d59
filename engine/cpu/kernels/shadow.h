// w -= learning_rate (m / (sqrt(v) + eps) + weight_decay w), or by m alone, and the trits of w: the optimisers' pass
// over a parameter (formulas: shaders/lib/{random,shadow,shadow_code,moments,ternary}.h; order of steps:
// cpu_ref/shadow.h). Gradient, states and shadow are read once and written once, a row at a time; while the row is in
// L1 its trits are packed.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/elementwise.h"
#include "cpu/kernels/shadow_values.h"
#include "cpu/kernels/trits.h"

namespace tritium::cpu {
namespace {

constexpr int64_t kMomentBlock = 256;  // TRITIUM_MOMENT_BLOCK

// The packed form of a parameter.
struct Packed {
  const Rows32& layout;
  const float* alpha;
  uint32_t* words;
  float* scales;
  int32_t* flips;
  const float* bound = nullptr;  // trits are rounded by it; null: by alpha
};

// A parameter and what is written with it.
struct Shadow {
  const ShadowParams& p;
  void* parameter;
  float* sums;
  Packed packed;
};

struct Adamw {
  const AdamwUpdateParams& p;
  Shadow shadow;
  float* gradient;
  void *m, *v;  // floats, or codes
  float *m_scales, *v_scales;
};

TRITIUM_INLINE int64_t alpha_of(const auto& p, int64_t row, int64_t c) {
  const int64_t groups = p.n_groups;
  return (row * groups + c / p.group_size) * p.n_alpha / (static_cast<int64_t>(p.n_rows) * groups);
}

// Trits of a row from the parameter as it is stored. p: TernarizeParams or ShadowParams.
template <typename V>
void ternarize_row(const auto& p, const Packed& to, const void* parameter, int64_t row) {
  const Rows32::Place at = to.layout.place_of(row);
  for (int64_t g = 0; g < p.n_groups; ++g)
    to.scales[to.layout.scale(at, g)] = to.alpha[alpha_of(p, row, g * p.group_size)];
  const float* bounds = to.bound ? to.bound : to.alpha;
  float bound = 0;
  int64_t group_end = 0;
  const int32_t changed = replace_trits<V>(
      to.words + to.layout.word(at, 0),
      p.cols, [&](int64_t chunk, int64_t part, int64_t n, typename V::I) __attribute__((always_inline)) {
        if (chunk == group_end) {
          const float given = bounds[alpha_of(p, row, chunk)];
          bound = given > 0.0f ? given : __builtin_inff();
          group_end += p.group_size;
        }
        const auto twice = 2.0f * load_parameter<V>(parameter, p.plane, row, chunk + part, n);
        // A comparison gives -1 where it holds.
        return (twice < -bound) - (twice > bound);
      });
  if (p.count_flips) to.flips[row] += changed;
}

template <typename V>
void ternarize(const TernarizeParams& p, const Rows32& layout, Range rows, const void* parameter, const float* alpha,
               uint32_t* words, float* scales, int32_t* flips, const float* bound) {
  for (int64_t row = rows.first; row < rows.last; ++row)
    ternarize_row<V>(p, {layout, alpha, words, scales, flips, p.own_bound ? bound : nullptr}, parameter, row);
}

// What follows an optimiser's step: noise, rounding, sums of magnitudes, trits. `step(c, n)` gives the new values of
// columns c … c + n - 1, and is called for each vector of the row in order.
template <typename V, typename Step>
TRITIUM_INLINE void write_row(const Shadow& s, int64_t row, Step step) {
  const ShadowParams& p = s.p;
  for (int64_t g = 0; g < p.n_groups; ++g) {
    const int64_t start = g * p.group_size;
    const int64_t end = start + p.group_size < p.cols ? start + p.group_size : p.cols;
    typename V::D sums = {};
    for_vectors<V>(
        start, end, [&](int64_t c, int64_t n) __attribute__((always_inline)) {
          auto w = step(c, n);
          if (p.noise_scale > 0.0f) {
            const float alpha = s.packed.alpha[alpha_of(p, row, c)];
            const auto near = V::magnitude(V::magnitude(w) - 0.5f * alpha) < p.noise_zone * alpha;
            const auto noise = p.noise_scale * alpha *
                               normal_of<V>(random_words<V>(p.seed, p.step, p.stream ^ 0x80000000u, row * p.cols + c));
            w = near ? w + noise : w;
          }
          sums += widen<V>(V::magnitude(store_parameter<V>(p, s.parameter, w, row, c, n)));
        });
    // Lanes beyond the row are zero: their gradients and weights were loaded as zeros.
    if (p.with_sums) s.sums[row * p.n_groups + g] = static_cast<float>(lane_sum<V>(sums));
  }
  if (p.with_weight) ternarize_row<V>(p, s.packed, s.parameter, row);
}

// m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2; returns the new weights.
template <typename V>
TRITIUM_INLINE typename V::F adamw_step(const AdamwUpdateParams& p, typename V::F g, typename V::F w, typename V::F& m,
                                        typename V::F& v) {
  m = p.beta1 * m + (1.0f - p.beta1) * g;
  v = p.beta2 * v + (1.0f - p.beta2) * g * g;
  const auto direction = m * p.correction1 / (V::sqrt(v * p.correction2) + p.eps);
  return w - p.learning_rate * (direction + p.weight_decay * w);
}

// The gradient of weights w at columns c … c + n - 1 of a row, which is cleared; 0 beyond the clip.
template <typename V>
TRITIUM_INLINE typename V::F take_gradient(const Shadow& s, float* gradient, float scale, typename V::F w, int64_t row,
                                           int64_t c, int64_t n) {
  float* from = gradient + row * s.p.cols + c;
  const auto g = load_up_to<V>(from, n) * scale;
  store_up_to<V>(from, typename V::F{}, n);
  if (!(s.p.clip > 0.0f)) return g;
  return V::magnitude(w) > s.p.clip * s.packed.alpha[alpha_of(s.p, row, c)] ? typename V::F{} : g;
}

// A row of a matrix that was not used: its gradient is cleared, it is written as it was, without noise.
template <typename V>
bool keeps_row(const Shadow& s, int64_t row, const float* uses, float* gradient) {
  if (s.p.rows_per_matrix == 0 || uses[row / s.p.rows_per_matrix] != 0.0f) return false;
  ShadowParams still = s.p;
  still.noise_scale = 0.0f;
  write_row<V>(
      Shadow{still, s.parameter, s.sums, s.packed}, row, [&](int64_t c, int64_t n) __attribute__((always_inline)) {
        store_up_to<V>(gradient + row * still.cols + c, typename V::F{}, n);
        return load_parameter<V>(s.parameter, still.plane, row, c, n);
      });
  return true;
}

template <typename V>
void adamw_floats(const Adamw& a, int64_t row) {
  const ShadowParams& s = a.p.shadow;
  float *all_m = static_cast<float*>(a.m), *all_v = static_cast<float*>(a.v);
  write_row<V>(
      a.shadow, row, [&](int64_t c, int64_t n) __attribute__((always_inline)) {
        const int64_t at = row * s.cols + c;
        auto m = load_up_to<V>(all_m + at, n);
        auto v = load_up_to<V>(all_v + at, n);
        const auto w = load_parameter<V>(a.shadow.parameter, s.plane, row, c, n);
        const auto g = take_gradient<V>(a.shadow, a.gradient, a.p.gradient_scale, w, row, c, n);
        const auto stepped = adamw_step<V>(a.p, g, w, m, v);
        store_up_to<V>(all_m + at, m, n);
        store_up_to<V>(all_v + at, v, n);
        return stepped;
      });
}

template <typename V>
TRITIUM_INLINE typename V::F first_moment(typename V::I code, float scale) {
  const auto root = V::to_float(code) * (1.0f / 127.0f);
  return scale * root * V::magnitude(root);
}
template <typename V>
TRITIUM_INLINE typename V::F second_moment(typename V::I code, float scale) {
  const auto root = V::to_float(code) * (1.0f / 255.0f);
  const auto square = root * root;
  return scale * square * square;
}

// Codes of `count` moments that lie in m and v, at element `at` of the parameter; scales are the largest of the block.
template <typename V>
void encode_moments(const Adamw& a, const float* m, const float* v, int64_t at, int64_t count, float m_scale,
                    float v_scale) {
  for_vectors<V>(
      0, count, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
        const Words<V> r = random_words<V>(a.p.shadow.seed, a.p.shadow.step, a.p.shadow.stream, at + i);
        const auto value = V::load(m + i);
        const auto magnitude = V::magnitude(value);
        typename V::I m_code = {}, v_code = {};
        if (m_scale > 0.0f) {
          m_code = to_int<V>(V::min(V::sqrt(magnitude / m_scale) * 127.0f, V::all(126.0f)));
          const auto low = first_moment<V>(m_code, m_scale);
          const auto high = first_moment<V>(m_code + 1, m_scale);
          m_code -= fraction_of<V>(r.y) * (high - low) < magnitude - low;
          m_code = value < 0.0f ? -m_code : m_code;
        }
        if (v_scale > 0.0f) {
          const auto second = V::load(v + i);
          v_code = to_int<V>(V::min(V::sqrt(V::sqrt(second / v_scale)) * 255.0f, V::all(254.0f)));
          const auto low = second_moment<V>(v_code, v_scale);
          const auto high = second_moment<V>(v_code + 1, v_scale);
          v_code -= fraction_of<V>(r.z) * (high - low) < second - low;
        }
        for (int64_t lane = 0; lane < n; ++lane) {
          static_cast<int8_t*>(a.m)[at + i + lane] = static_cast<int8_t>(m_code[lane]);
          static_cast<int8_t*>(a.v)[at + i + lane] = static_cast<int8_t>(v_code[lane]);
        }
      });
}

// Moments of a row are decoded vector by vector and kept as floats until the largest of their block is known.
template <typename V>
void adamw_codes(const Adamw& a, int64_t row) {
  const ShadowParams& s = a.p.shadow;
  const int64_t cols = s.cols;
  const int64_t blocks = (cols + kMomentBlock - 1) / kMomentBlock;
  float m_values[kMomentBlock + 16], v_values[kMomentBlock + 16];
  float m_top = 0.0f, v_top = 0.0f;
  // A vector may straddle no block: groups are a whole row, or multiples of 16 columns that divide 256.
  write_row<V>(
      a.shadow, row, [&](int64_t c, int64_t n) __attribute__((always_inline)) {
        const int64_t at = row * cols + c;
        const int64_t block = c / kMomentBlock;
        const int64_t within = c % kMomentBlock;
        float& m_scale = a.m_scales[row * blocks + block];
        float& v_scale = a.v_scales[row * blocks + block];
        typename V::I m_code = {}, v_code = {};
        for (int64_t lane = 0; lane < n; ++lane) {
          m_code[lane] = static_cast<const int8_t*>(a.m)[at + lane];
          v_code[lane] = static_cast<const uint8_t*>(a.v)[at + lane];
        }
        auto m = first_moment<V>(m_code, m_scale);
        auto v = second_moment<V>(v_code, v_scale);
        const auto w = load_parameter<V>(a.shadow.parameter, s.plane, row, c, n);
        const auto g = take_gradient<V>(a.shadow, a.gradient, a.p.gradient_scale, w, row, c, n);
        const auto stepped = adamw_step<V>(a.p, g, w, m, v);
        V::store(m_values + within, m);
        V::store(v_values + within, v);
        const float m_now = largest<V>(V::magnitude(m)), v_now = largest<V>(v);
        m_top = m_now > m_top ? m_now : m_top;
        v_top = v_now > v_top ? v_now : v_top;
        if (within + n == kMomentBlock || c + n == cols) {
          encode_moments<V>(a, m_values, v_values, at - within, within + n, m_top, v_top);
          m_scale = m_top;
          v_scale = v_top;
          m_top = v_top = 0.0f;
        }
        return stepped;
      });
}

template <typename V>
void adamw_update(const AdamwUpdateParams& p, const Rows32& layout, Range rows, void* parameter, float* sums,
                  const float* alpha, uint32_t* words, float* scales, int32_t* flips, float* gradient, void* m, void* v,
                  float* m_scales, float* v_scales, const float* uses) {
  const Adamw a = {
      p, {p.shadow, parameter, sums, {layout, alpha, words, scales, flips}}, gradient, m, v, m_scales, v_scales};
  for (int64_t row = rows.first; row < rows.last; ++row) {
    if (keeps_row<V>(a.shadow, row, uses, gradient)) continue;
    if (p.states_8bit) {
      adamw_codes<V>(a, row);
    } else {
      adamw_floats<V>(a, row);
    }
  }
}

template <typename V>
void sgd_update(const SgdUpdateParams& p, const Rows32& layout, Range rows, void* parameter, float* sums,
                const float* alpha, uint32_t* words, float* scales, int32_t* flips, float* gradient, float* m,
                const float* uses) {
  const ShadowParams& s = p.shadow;
  const Shadow shadow = {s, parameter, sums, {layout, alpha, words, scales, flips}};
  for (int64_t row = rows.first; row < rows.last; ++row) {
    if (keeps_row<V>(shadow, row, uses, gradient)) continue;
    write_row<V>(
        shadow, row, [&](int64_t c, int64_t n) __attribute__((always_inline)) {
          const int64_t at = row * s.cols + c;
          const auto w = load_parameter<V>(parameter, s.plane, row, c, n);
          auto direction = take_gradient<V>(shadow, gradient, p.gradient_scale, w, row, c, n);
          if (m) {
            direction += p.momentum * load_up_to<V>(m + at, n);
            store_up_to<V>(m + at, direction, n);
          }
          return w - p.learning_rate * (direction + p.weight_decay * w);
        });
  }
}

}  // namespace
}  // namespace tritium::cpu
