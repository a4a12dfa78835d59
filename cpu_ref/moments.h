// The states of AdamW, a row at a time as floats: kept as f32, or as 8-bit codes with a scale for each block of a row
// (formulas: shaders/lib/moments.h).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>
#include <vector>

#include "shaders/lib/moments.h"
#include "shaders/lib/random.h"
#include "shaders/params/adamw_update.h"

namespace tritium::cpu_ref {

struct Moments {
  const AdamwUpdateParams& p;
  std::span<std::byte> m_plane, v_plane;
  std::span<float> m_scales, v_scales;

  size_t block_of(size_t row, size_t c) const {
    const size_t blocks = (p.shadow.cols + TRITIUM_MOMENT_BLOCK - 1) / TRITIUM_MOMENT_BLOCK;
    return row * blocks + c / TRITIUM_MOMENT_BLOCK;
  }

  void read(size_t row, std::span<float> m, std::span<float> v) const {
    const size_t start = row * m.size();
    if (!p.states_8bit) {
      std::memcpy(m.data(), &m_plane[4 * start], m.size_bytes());
      std::memcpy(v.data(), &v_plane[4 * start], v.size_bytes());
      return;
    }
    for (size_t c = 0; c < m.size(); ++c) {
      const size_t block = block_of(row, c);
      m[c] = shader::decode_first_moment(static_cast<int8_t>(m_plane[start + c]), m_scales[block]);
      v[c] = shader::decode_second_moment(static_cast<uint8_t>(v_plane[start + c]), v_scales[block]);
    }
  }

  // A block's scale is the largest of its values; codes are rounded stochastically.
  void write(size_t row, std::span<const float> m, std::span<const float> v) const {
    const size_t start = row * m.size();
    if (!p.states_8bit) {
      std::memcpy(&m_plane[4 * start], m.data(), m.size_bytes());
      std::memcpy(&v_plane[4 * start], v.data(), v.size_bytes());
      return;
    }
    for (size_t first = 0; first < m.size(); first += TRITIUM_MOMENT_BLOCK) {
      const size_t end = std::min<size_t>(first + TRITIUM_MOMENT_BLOCK, m.size());
      float& m_scale = m_scales[block_of(row, first)] = 0.0f;
      float& v_scale = v_scales[block_of(row, first)] = 0.0f;
      for (size_t c = first; c < end; ++c) {
        m_scale = std::max(m_scale, std::abs(m[c]));
        v_scale = std::max(v_scale, v[c]);
      }
      for (size_t c = first; c < end; ++c) {
        const auto at = static_cast<uint32_t>(start + c);
        const shader::RandomWords r = shader::random_words(p.shadow.seed, p.shadow.step, p.shadow.stream, at);
        m_plane[start + c] = static_cast<std::byte>(shader::encode_first_moment(m[c], m_scale, r.y));
        v_plane[start + c] = static_cast<std::byte>(shader::encode_second_moment(v[c], v_scale, r.z));
      }
    }
  }
};

}  // namespace tritium::cpu_ref
