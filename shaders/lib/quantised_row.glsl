// How a workgroup quantises some columns of a row of floats to int8 codes, four to a word. The shader defines
// own_values() and keep_codes(). GLSL only.
#ifndef TRITIUM_LIB_QUANTISED_ROW_GLSL
#define TRITIUM_LIB_QUANTISED_ROW_GLSL

#include "lib/four_columns.glsl"
#include "lib/int8_block.glsl"

vec4 own_values(uint row, uvec4 columns);  // what is to be quantised
// Four codes: word `word` of those that are made.
void keep_codes(uint word, uint codes);

uint largest_magnitude(vec4 values) {
  uint bits = 0u;
  for (uint i = 0u; i < 4u; ++i) bits = max(bits, magnitude_bits(values[i]));
  return bits;
}

uint four_codes(vec4 values, Int8Block block) {
  uint codes = 0u;
  for (uint i = 0u; i < 4u; ++i) codes |= (uint(int8_code(values[i], block)) & 255u) << (8u * i);
  return codes;
}

// Of those of columns first … end - 1 that this invocation reads.
uint largest_of_row(uint row, uint first, uint end) {
  uint bits = 0u;
  for (uint c = first + gl_LocalInvocationIndex; c < end; c += 4u * kWorkgroup) {
    const uvec4 columns = columns_apart(c);
    bits = max(bits, largest_magnitude(before_end(own_values(row, readable(columns, end)), columns, end)));
  }
  return bits;
}

// Of columns first … end - 1, with codes of 0 behind them up to a whole of `padded`; words from first_word on.
void write_codes(uint row, uint first, uint end, uint padded, uint first_word, Int8Block block) {
  for (uint word = gl_LocalInvocationIndex; word < padded / 4u; word += kWorkgroup) {
    const uvec4 columns = neighbours(first + 4u * word);
    uint codes = 0u;
    if (columns.x < end) codes = four_codes(before_end(own_values(row, readable(columns, end)), columns, end), block);
    keep_codes(first_word + word, codes);
  }
}

// Both; returns the scale. Every invocation calls it.
float quantise_row(uint row, uint first, uint end, uint padded, uint first_word) {
  const Int8Block block = int8_block(workgroup_max_of_bits(largest_of_row(row, first, end)));
  write_codes(row, first, end, padded, first_word, block);
  return block.scale;
}

#endif
