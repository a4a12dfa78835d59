// One step of AdamW (Loshchilov & Hutter 2019) and what follows it in the same pass (shadow.h).
#include "ops/adamw_update.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "cpu_ref/shadow.h"
#include "shaders/lib/moments.h"

namespace tritium::cpu_ref {
namespace {

// A row of the states as floats, in 8-bit codes or not.
struct RowMoments {
  std::vector<float> m, v;
};

// The planes that hold the states: f32, or codes with a scale for each block of a row.
struct MomentPlanes {
  const AdamwUpdateParams& p;
  std::span<std::byte> m, v;
  std::span<float> m_scales, v_scales;

  size_t block_of(size_t row, size_t c) const {
    const size_t blocks = (p.shadow.cols + TRITIUM_MOMENT_BLOCK - 1) / TRITIUM_MOMENT_BLOCK;
    return row * blocks + c / TRITIUM_MOMENT_BLOCK;
  }
  static float& float_at(std::span<std::byte> plane, size_t i) { return reinterpret_cast<float*>(plane.data())[i]; }
};

RowMoments read_moments(const MomentPlanes& planes, size_t row) {
  const size_t cols = planes.p.shadow.cols;
  RowMoments moments{std::vector<float>(cols), std::vector<float>(cols)};
  for (size_t c = 0; c < cols; ++c) {
    const size_t at = row * cols + c, block = planes.block_of(row, c);
    if (planes.p.states_8bit) {
      moments.m[c] = shader::decode_first_moment(static_cast<int8_t>(planes.m[at]), planes.m_scales[block]);
      moments.v[c] = shader::decode_second_moment(static_cast<uint8_t>(planes.v[at]), planes.v_scales[block]);
    } else {
      moments.m[c] = MomentPlanes::float_at(planes.m, at);
      moments.v[c] = MomentPlanes::float_at(planes.v, at);
    }
  }
  return moments;
}

// A block's scale is the largest of its values; codes are rounded stochastically.
void write_codes(const MomentPlanes& planes, size_t row, const RowMoments& moments) {
  const ShadowParams& s = planes.p.shadow;
  for (size_t start = 0; start < s.cols; start += TRITIUM_MOMENT_BLOCK) {
    const size_t end = std::min<size_t>(start + TRITIUM_MOMENT_BLOCK, s.cols);
    float& m_scale = planes.m_scales[planes.block_of(row, start)] = 0.0f;
    float& v_scale = planes.v_scales[planes.block_of(row, start)] = 0.0f;
    for (size_t c = start; c < end; ++c) {
      m_scale = std::max(m_scale, std::abs(moments.m[c]));
      v_scale = std::max(v_scale, moments.v[c]);
    }
    for (size_t c = start; c < end; ++c) {
      const size_t at = row * s.cols + c;
      const shader::RandomWords r = shader::random_words(s.seed, s.step, s.stream, static_cast<uint32_t>(at));
      planes.m[at] = static_cast<std::byte>(shader::encode_first_moment(moments.m[c], m_scale, r.y));
      planes.v[at] = static_cast<std::byte>(shader::encode_second_moment(moments.v[c], v_scale, r.z));
    }
  }
}

void write_moments(const MomentPlanes& planes, size_t row, const RowMoments& moments) {
  if (planes.p.states_8bit) return write_codes(planes, row, moments);
  for (size_t c = 0; c < planes.p.shadow.cols; ++c) {
    MomentPlanes::float_at(planes.m, row * planes.p.shadow.cols + c) = moments.m[c];
    MomentPlanes::float_at(planes.v, row * planes.p.shadow.cols + c) = moments.v[c];
  }
}

}  // namespace

void adamw_update(const AdamwUpdateParams& p, std::span<std::byte> parameter, std::span<float> sums,
                  std::span<const float> alpha, std::span<uint32_t> words, std::span<float> scales,
                  std::span<int32_t> flips, std::span<float> gradient, std::span<std::byte> m, std::span<std::byte> v,
                  std::span<float> m_scales, std::span<float> v_scales) {
  const ShadowPlanes shadow = {parameter, sums, alpha, words, scales, flips};
  const MomentPlanes states = {p, m, v, m_scales, v_scales};
  const size_t cols = p.shadow.cols;
  std::vector<float> stepped(cols);
  for (size_t row = 0; row < p.shadow.n_rows; ++row) {
    RowMoments moments = read_moments(states, row);
    for (size_t c = 0; c < cols; ++c) {
      const double w = shadow_value(p.shadow, shadow, row, c);
      const double g =
          straight_through(p.shadow, double{gradient[row * cols + c]} * p.gradient_scale, w, row, c, alpha);
      const double m_next = double{p.beta1} * moments.m[c] + (1.0 - p.beta1) * g;
      const double v_next = double{p.beta2} * moments.v[c] + (1.0 - p.beta2) * g * g;
      const double direction = m_next * p.correction1 / (std::sqrt(v_next * p.correction2) + p.eps);
      stepped[c] = static_cast<float>(w - p.learning_rate * (direction + p.weight_decay * w));
      moments.m[c] = static_cast<float>(m_next);
      moments.v[c] = static_cast<float>(v_next);
      gradient[row * cols + c] = 0.0f;
    }
    write_row(p.shadow, row, stepped, shadow);
    write_moments(states, row, moments);
  }
}

}  // namespace tritium::cpu_ref
