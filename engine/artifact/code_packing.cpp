#include "artifact/code_packing.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <iterator>

namespace tritium::artifact {
namespace {

constexpr std::string_view kNames[] = {"plain",           "planes",     "digits, rows",
                                       "digits, columns", "bits, rows", "bits, columns"};

}  // namespace

std::string_view name_of(Packing packing) { return kNames[static_cast<size_t>(packing)]; }

std::optional<Packing> packing_of_number(uint8_t number) {
  return number < std::size(kNames) ? std::optional(static_cast<Packing>(number)) : std::nullopt;
}

int digits_of_byte(int radix) {
  int digits = 1;
  for (int power = radix * radix; power <= 256; power *= radix) ++digits;
  return digits;
}

int bits_of_code(int radix) { return std::bit_width(static_cast<unsigned>(radix - 1)); }

uint64_t packed_size(uint64_t codes, int radix, Packing packing) {
  if (in_digits(packing)) {
    const auto digits = static_cast<uint64_t>(digits_of_byte(radix));
    return (codes + digits - 1) / digits;
  }
  return (codes * static_cast<uint64_t>(bits_of_code(radix)) + 7) / 8;
}

Bytes pack_digits(std::span<const uint8_t> codes, int radix) {
  const auto digits = static_cast<size_t>(digits_of_byte(radix));
  Bytes packed;
  packed.reserve(packed_size(codes.size(), radix, Packing::digits_by_row));
  for (size_t i = 0; i < codes.size(); i += digits) {
    int value = 0;
    for (size_t k = std::min(digits, codes.size() - i); k-- > 0;) value = value * radix + codes[i + k];
    packed.push_back(static_cast<uint8_t>(value));
  }
  return packed;
}

bool unpack_digits(std::span<const uint8_t> packed, int radix, std::span<uint8_t> codes) {
  const auto digits = static_cast<size_t>(digits_of_byte(radix));
  bool sound = true;
  for (size_t i = 0; i < codes.size(); i += digits) {
    int value = packed[i / digits];
    for (size_t k = 0; k < std::min(digits, codes.size() - i); ++k, value /= radix)
      codes[i + k] = static_cast<uint8_t>(value % radix);
    sound &= value == 0;
  }
  return sound;
}

Bytes pack_bits(std::span<const uint8_t> codes, int bits) {
  Bytes packed;
  packed.reserve((codes.size() * static_cast<size_t>(bits) + 7) / 8);
  unsigned held = 0;
  int n = 0;
  for (const uint8_t code : codes) {
    held |= unsigned{code} << n;
    for (n += bits; n >= 8; n -= 8, held >>= 8) packed.push_back(static_cast<uint8_t>(held));
  }
  if (n > 0) packed.push_back(static_cast<uint8_t>(held));
  return packed;
}

bool unpack_bits(std::span<const uint8_t> packed, int radix, std::span<uint8_t> codes) {
  const int bits = bits_of_code(radix);
  const unsigned mask = (1u << bits) - 1;
  unsigned held = 0, largest = 0;
  int n = 0;
  size_t at = 0;
  for (uint8_t& code : codes) {
    if (n < bits) held |= unsigned{packed[at++]} << n, n += 8;
    code = static_cast<uint8_t>(held & mask);
    largest = std::max<unsigned>(largest, code);
    held >>= bits;
    n -= bits;
  }
  return held == 0 && static_cast<int>(largest) < radix;
}

void append_columns(std::span<const uint8_t> rows, int64_t cols, Bytes& to) {
  const auto width = static_cast<size_t>(cols), height = rows.size() / width, start = to.size();
  to.resize(start + rows.size());
  constexpr size_t kTile = 64;  // of both, so that what is read and what is written stay in the cache
  for (size_t r0 = 0; r0 < height; r0 += kTile)
    for (size_t c0 = 0; c0 < width; c0 += kTile)
      for (size_t r = r0; r < std::min(height, r0 + kTile); ++r)
        for (size_t c = c0; c < std::min(width, c0 + kTile); ++c) to[start + c * height + r] = rows[r * width + c];
}

void append_rows(std::span<const uint8_t> columns, int64_t cols, Bytes& to) {
  append_columns(columns, static_cast<int64_t>(columns.size()) / cols, to);
}

Bytes to_planes(std::span<const uint8_t> numbers, int64_t width) {
  Bytes planes;
  append_columns(numbers, width, planes);
  return planes;
}

Bytes from_planes(std::span<const uint8_t> planes, int64_t width) {
  Bytes numbers;
  append_rows(planes, width, numbers);
  return numbers;
}

double entropy_bytes(std::span<const uint8_t> codes) {
  std::array<uint64_t, 256> counts{};
  for (const uint8_t code : codes) ++counts[code];
  double bits = 0;
  const auto n = static_cast<double>(codes.size());
  for (const uint64_t count : counts)
    if (count > 0) bits -= static_cast<double>(count) * std::log2(static_cast<double>(count) / n);
  return bits / 8;
}

}  // namespace tritium::artifact
