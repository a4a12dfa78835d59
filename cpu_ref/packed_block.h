// Blocks of 256 integers of a packed weight (shaders/lib/packed.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "shaders/lib/packed.h"

namespace tritium::cpu_ref {

class PackedBlock {
 public:
  // Number `index` of two planes.
  PackedBlock(uint32_t dtype, std::span<const uint32_t> words, std::span<const uint32_t> scales, size_t index)
      : dtype_(dtype),
        words_(words.subspan(index * shader::packed_words(dtype), shader::packed_words(dtype))),
        scales_(scales.subspan(index * shader::packed_scale_words(dtype), shader::packed_scale_words(dtype))) {}

  // code - bias
  int integer(uint32_t column) const {
    const uint32_t bits = shader::packed_bits(dtype_), group = column / 4;
    const uint32_t upper = bits == 6 ? words_[shader::packed_upper_word_of(group)] : 0;
    const uint32_t four = shader::packed_four(bits, words_[shader::packed_word_of(bits, group)], upper, group);
    return shader::packed_byte(four, column % 4) - shader::packed_bias(dtype_);
  }
  float value(uint32_t column) const {
    uint32_t words[4];
    for (uint32_t i = 0; i < 4; ++i) words[i] = scales_[shader::packed_scale_word(dtype_, column, i)];
    return shader::packed_value(shader::packed_scale(dtype_, column, words[0], words[1], words[2], words[3]),
                                integer(column));
  }
  uint32_t scale_word(uint32_t index) const { return scales_[index]; }

 private:
  uint32_t dtype_;
  std::span<const uint32_t> words_;
  std::span<const uint32_t> scales_;
};

}  // namespace tritium::cpu_ref
