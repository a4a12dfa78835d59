#include <algorithm>
#include <cmath>

#include "cpu_ref/operations.h"
#include "cpu_ref/shadow.h"
#include "shaders/lib/moments.h"

namespace tritium::cpu_ref {
namespace {

// The moments of a row as floats: decoded, and encoded again with the block's new scale.
class RowMoments {
 public:
  RowMoments(const AdamwUpdateParams& p, size_t row, const MomentPlanes& planes)
      : p_(p), planes_(planes), row_(row), m_(p.shadow.cols), v_(p.shadow.cols) {
    for (size_t c = 0; c < m_.size(); ++c) {
      const size_t at = row_ * m_.size() + c;
      m_[c] =
          p_.states_8bit ? shader::decode_first_moment(planes.m_codes[at], planes.m_scales[block(c)]) : planes.m[at];
      v_[c] = p_.states_8bit
                  ? shader::decode_second_moment(static_cast<uint8_t>(planes.v_codes[at]), planes.v_scales[block(c)])
                  : planes.v[at];
    }
  }

  float& m(size_t c) { return m_[c]; }
  float& v(size_t c) { return v_[c]; }

  void store() {
    const size_t cols = m_.size();
    for (size_t start = 0; p_.states_8bit && start < cols; start += TRITIUM_MOMENT_BLOCK) {
      const size_t end = std::min<size_t>(start + TRITIUM_MOMENT_BLOCK, cols);
      float& m_scale = planes_.m_scales[block(start)] = 0.0f;
      float& v_scale = planes_.v_scales[block(start)] = 0.0f;
      for (size_t c = start; c < end; ++c) {
        m_scale = std::max(m_scale, std::abs(m_[c]));
        v_scale = std::max(v_scale, v_[c]);
      }
    }
    for (size_t c = 0; c < cols; ++c) {
      const size_t at = row_ * cols + c;
      if (!p_.states_8bit) {
        planes_.m[at] = m_[c];
        planes_.v[at] = v_[c];
        continue;
      }
      const ShadowParams& s = p_.shadow;
      const shader::RandomWords r = shader::random_words(s.seed, s.step, s.stream, static_cast<uint32_t>(at));
      planes_.m_codes[at] = static_cast<int8_t>(shader::encode_first_moment(m_[c], planes_.m_scales[block(c)], r.y));
      planes_.v_codes[at] = static_cast<int8_t>(shader::encode_second_moment(v_[c], planes_.v_scales[block(c)], r.z));
    }
  }

 private:
  size_t block(size_t c) const {
    const size_t blocks = (m_.size() + TRITIUM_MOMENT_BLOCK - 1) / TRITIUM_MOMENT_BLOCK;
    return row_ * blocks + c / TRITIUM_MOMENT_BLOCK;
  }

  const AdamwUpdateParams& p_;
  const MomentPlanes& planes_;
  size_t row_;
  std::vector<float> m_, v_;
};

}  // namespace

void adamw_update(const AdamwUpdateParams& p, std::span<float> gradient, const MomentPlanes& moments,
                  const ShadowPlanes& shadow) {
  const auto dtype = static_cast<DType>(p.shadow.dtype);
  for (size_t row = 0; row < p.shadow.n_rows; ++row) {
    RowMoments states(p, row, moments);
    const auto stepped = [&](size_t c) {
      float& gradient_c = gradient[row * p.shadow.cols + c];
      const double w = dense_value(shadow.parameter, dtype, row * p.shadow.row_stride + c);
      const double g = straight_through(p.shadow, double{gradient_c} * p.gradient_scale, w, row, c, shadow.alpha);
      gradient_c = 0.0f;
      const double m = double{p.beta1} * states.m(c) + (1.0 - p.beta1) * g;
      const double v = double{p.beta2} * states.v(c) + (1.0 - p.beta2) * g * g;
      states.m(c) = static_cast<float>(m);
      states.v(c) = static_cast<float>(v);
      const double direction = m * p.correction1 / (std::sqrt(v * p.correction2) + p.eps);
      return static_cast<float>(w - p.learning_rate * (direction + p.weight_decay * w));
    };
    write_row(p.shadow, row, stepped, shadow);
    states.store();
  }
}

}  // namespace tritium::cpu_ref
