// Codes at their real width, and bytes of numbers by significance: what a compressor finds more in. Everything here
// goes back to the same bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace tritium::artifact {

// How the bytes of a stream were made. The numbers stand in files.
enum class Packing : uint8_t {
  plain = 0,          // as they are
  planes = 1,         // the first byte of each number, then the second of each, …
  digits_by_row = 2,  // as many codes a byte as their radix allows: five trits, two of 4 bits, one of 5 to 8 bits
  digits_by_column = 3,
  bits_by_row = 4,  // codes of b bits one behind the other, across bytes
  bits_by_column = 5,
};

std::string_view name_of(Packing packing);
std::optional<Packing> packing_of_number(uint8_t number);
inline bool by_column(Packing p) { return p == Packing::digits_by_column || p == Packing::bits_by_column; }
inline bool in_digits(Packing p) { return p == Packing::digits_by_row || p == Packing::digits_by_column; }

using Bytes = std::vector<uint8_t>;

// The most n with radix^n <= 256: of radix 3 five. Radix: 2 … 256.
int digits_of_byte(int radix);
// ceil(log2(radix)).
int bits_of_code(int radix);

uint64_t packed_size(uint64_t codes, int radix, Packing packing);
// First code in the lowest digit: sum of codes[i] radix^i.
Bytes pack_digits(std::span<const uint8_t> codes, int radix);
Bytes pack_bits(std::span<const uint8_t> codes, int bits);
// false: a byte holds a code of the radix or more, or what is behind the last code is not 0.
bool unpack_digits(std::span<const uint8_t> packed, int radix, std::span<uint8_t> codes);
bool unpack_bits(std::span<const uint8_t> packed, int radix, std::span<uint8_t> codes);

// Rows of `cols` codes into columns, and back: both appended to what `to` has.
void append_columns(std::span<const uint8_t> rows, int64_t cols, Bytes& to);
void append_rows(std::span<const uint8_t> columns, int64_t cols, Bytes& to);

// Numbers of `width` bytes; width divides the size.
Bytes to_planes(std::span<const uint8_t> numbers, int64_t width);
Bytes from_planes(std::span<const uint8_t> planes, int64_t width);

// Bytes that codes need at least when each is drawn by the share it has here: n H / 8.
double entropy_bytes(std::span<const uint8_t> codes);

}  // namespace tritium::artifact
