// Values of packed weights that lie in rows32: what is too rare to have a kernel of its own.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "cpu/layout/rows32.h"
#include "shaders/lib/packed.h"

namespace tritium::cpu {

struct PackedRows {
  Rows32 layout;
  uint32_t dtype;
  const uint32_t* words;
  const uint32_t* scales;

  static constexpr int64_t kColumns = TRITIUM_PACKED_COLUMNS;

  // Columns 256 b … 256 b + 255 of a row.
  std::array<float, kColumns> block(Rows32::Place at, int64_t b) const {
    const uint32_t bits = shader::packed_bits(dtype);
    const auto word = [&](uint32_t i) { return words[layout.word(at, b * shader::packed_words(dtype) + i)]; };
    const auto scale_word = [&](uint32_t column, uint32_t i) {
      const uint32_t index = shader::packed_scale_word(dtype, column, i);
      return scales[layout.scale(at, b * shader::packed_scale_words(dtype) + index)];
    };
    std::array<float, kColumns> values;
    shader::PackedScale scale = {};
    for (uint32_t group = 0; group < kColumns / 4; ++group) {
      const uint32_t column = 4 * group;
      if (column % 16 == 0)
        scale = shader::packed_scale(dtype, column, scale_word(column, 0), scale_word(column, 1), scale_word(column, 2),
                                     scale_word(column, 3));
      const uint32_t upper = bits == 6 ? word(shader::packed_upper_word_of(group)) : 0;
      const uint32_t four = shader::packed_four(bits, word(shader::packed_word_of(bits, group)), upper, group);
      for (uint32_t i = 0; i < 4; ++i)
        values[column + i] = shader::packed_value(scale, shader::packed_byte(four, i) - shader::packed_bias(dtype));
    }
    return values;
  }
};

}  // namespace tritium::cpu
