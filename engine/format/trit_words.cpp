#include "format/trit_words.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "format/blocks.h"
#include "tensor/half.h"
#include "tensor/ternary_matrix.h"

namespace tritium {
namespace {

static_assert(std::endian::native == std::endian::little, "a word's first code is in its first byte");

constexpr uint32_t kZeroTrits = TernaryMatrix::kZeroTrits;
typedef uint8_t Bytes __attribute__((vector_size(16)));
typedef uint32_t Words __attribute__((vector_size(16)));
typedef uint64_t Halves __attribute__((vector_size(16)));

// Bytes 0, 8, 1, 9, … 7, 15: one instruction where that of any order is many.
Bytes interleave_halves(Bytes x) {
  const auto both = reinterpret_cast<Halves>(x);
  const auto high = reinterpret_cast<Bytes>(__builtin_shufflevector(both, both, 1, 1));
  return __builtin_shufflevector(x, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// 16 bytes of four codes each, the first in the low bits: words[l * step] gets code l of each.
void transpose_codes(const uint8_t* bytes, uint32_t* words, int64_t step) {
  Words x;
  std::memcpy(&x, bytes, sizeof x);
  // In each word codes (byte b, place l) change places with (l, b): bit 0 of b and l, then bit 1.
  Words t = (x ^ (x >> 6)) & 0x00CC00CCu;
  x ^= t ^ (t << 6);
  t = (x ^ (x >> 12)) & 0x0000F0F0u;
  x ^= t ^ (t << 12);
  // Byte l of word w to byte w of word l.
  const auto result = reinterpret_cast<Words>(interleave_halves(interleave_halves(reinterpret_cast<Bytes>(x))));
  for (int l = 0; l < 4; ++l) words[l * step] = result[l];
}

// Whole words. Pairs of codes, then pairs of those: loops that compilers turn into vectors.
void pack_words(const uint8_t* codes, uint32_t* words, size_t n_words) {
  constexpr size_t kAtOnce = 16;
  for (size_t first = 0; first < n_words; first += kAtOnce) {
    const size_t n = std::min(kAtOnce, n_words - first);
    std::array<uint16_t, 8 * kAtOnce> in;
    std::array<uint16_t, 4 * kAtOnce> pairs;
    std::array<uint8_t, 8 * kAtOnce> nibbles;
    std::array<uint8_t, 4 * kAtOnce> bytes;
    if (n < kAtOnce) in.fill(0);
    std::memcpy(in.data(), codes + 16 * first, 16 * n);
    for (size_t i = 0; i < in.size(); ++i) nibbles[i] = static_cast<uint8_t>((in[i] | in[i] >> 6) & 15);
    std::memcpy(pairs.data(), nibbles.data(), nibbles.size());
    for (size_t i = 0; i < pairs.size(); ++i) bytes[i] = static_cast<uint8_t>(pairs[i] | pairs[i] >> 4);
    std::memcpy(words + first, bytes.data(), 4 * n);
  }
}

// TQ2_0: element g * 128 + l * 32 + m is code l of byte g * 32 + m.
void tq2_words(const uint8_t* in, uint32_t* words) {
  for (int g = 0; g < 2; ++g)
    for (int half = 0; half < 2; ++half) transpose_codes(in + 32 * g + 16 * half, words + 8 * g + half, 2);
}

}  // namespace

float decode_trit_words(StorageType type, const uint8_t* block, uint32_t* words) {
  const StorageTraits& t = traits_of(type);
  switch (type) {
    case StorageType::tq2_0: tq2_words(block, words); return f16_to_f32(load_u16(block + t.block_bytes - 2));
    case StorageType::q2_0:
    case StorageType::q2_0_group128:
    case StorageType::pq2_0:  // element j is bits 2 (j % 4) of byte j / 4: as words have them
      std::memcpy(words, block + 2, static_cast<size_t>(t.block_elements / 4));
      return f16_to_f32(load_u16(block));
    default: {
      uint8_t codes[kMaxTernaryBlock];
      const float scale = decode_ternary_block(type, block, codes);
      pack_words(codes, words, static_cast<size_t>(t.block_elements / TernaryMatrix::kCodesPerWord));
      return scale;
    }
  }
}

void pack_codes(std::span<const uint8_t> codes, std::span<uint32_t> words) {
  const size_t whole = codes.size() / 16;
  pack_words(codes.data(), words.data(), whole);
  if (whole < words.size()) std::ranges::fill(words.subspan(whole), kZeroTrits);
  for (size_t i = 16 * whole; i < codes.size(); ++i) {
    const auto shift = static_cast<uint32_t>(2 * (i % 16));
    words[whole] = (words[whole] & ~(3u << shift)) | static_cast<uint32_t>(codes[i]) << shift;
  }
}

int64_t count_threes(std::span<const uint32_t> words) {
  uint32_t any = 0;
  for (const uint32_t word : words) any |= word & (word >> 1);
  if ((any & kZeroTrits) == 0) return 0;
  int64_t threes = 0;
  for (const uint32_t word : words) threes += std::popcount(word & (word >> 1) & kZeroTrits);
  return threes;
}

}  // namespace tritium
