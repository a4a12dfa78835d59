// Codes at their real width: what is packed comes back, in as many bytes as the width says.
#include "artifact/code_packing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/counter_rng.h"

namespace tritium::artifact {
namespace {

Bytes random_codes(size_t n, int radix, uint64_t seed) {
  Bytes codes(n);
  for (size_t i = 0; i < n; ++i) codes[i] = static_cast<uint8_t>(random_bits(seed, i) % static_cast<uint64_t>(radix));
  return codes;
}

TEST(CodePacking, CodesOfEveryRadixComeBackFromDigitsAndFromBits) {
  for (int radix = 2; radix <= 256; ++radix)
    for (const size_t n : {size_t{1}, size_t{4}, size_t{5}, size_t{64}, size_t{1003}}) {
      const Bytes codes = random_codes(n, radix, static_cast<uint64_t>(radix));
      Bytes of_digits(n), of_bits(n);
      const Bytes digits = pack_digits(codes, radix), bits = pack_bits(codes, bits_of_code(radix));
      EXPECT_TRUE(unpack_digits(digits, radix, of_digits)) << radix;
      EXPECT_TRUE(unpack_bits(bits, radix, of_bits)) << radix;
      EXPECT_EQ(of_digits, codes) << radix;
      EXPECT_EQ(of_bits, codes) << radix;
      EXPECT_EQ(digits.size(), packed_size(n, radix, Packing::digits_by_row));
      EXPECT_EQ(bits.size(), packed_size(n, radix, Packing::bits_by_row));
    }
}

TEST(CodePacking, AByteHoldsAsManyCodesAsItsValuesAllow) {
  EXPECT_EQ(digits_of_byte(2), 8);
  EXPECT_EQ(digits_of_byte(3), 5);  // 243 of 256
  EXPECT_EQ(digits_of_byte(4), 4);
  EXPECT_EQ(digits_of_byte(6), 3);
  EXPECT_EQ(digits_of_byte(7), 2);
  EXPECT_EQ(digits_of_byte(16), 2);
  EXPECT_EQ(digits_of_byte(17), 1);
  EXPECT_EQ(digits_of_byte(256), 1);
}

TEST(CodePacking, FiveTritsAreOneNumber) {
  EXPECT_EQ(pack_digits(Bytes{1, 2, 0, 1, 2}, 3), Bytes{1 + 2 * 3 + 1 * 27 + 2 * 81});
  EXPECT_EQ(pack_bits(Bytes{1, 2, 0, 1, 2}, 2), (Bytes{1 + 2 * 4 + 1 * 64, 2}));
}

TEST(CodePacking, CodesOfOneToEightBitsTakeThatManyBits) {
  for (int bits = 1; bits <= 8; ++bits)
    EXPECT_EQ(packed_size(8000, 1 << bits, Packing::bits_by_row), 1000u * static_cast<unsigned>(bits));
}

TEST(CodePacking, BytesThatNoCodesGiveAreRefused) {
  Bytes five(5), two(2);
  EXPECT_TRUE(unpack_digits(Bytes{242}, 3, five));
  EXPECT_FALSE(unpack_digits(Bytes{243}, 3, five));
  EXPECT_TRUE(unpack_digits(Bytes{8}, 3, two));
  EXPECT_FALSE(unpack_digits(Bytes{9}, 3, two));     // a third code, of two
  EXPECT_FALSE(unpack_bits(Bytes{0b1011}, 3, two));  // a code of 3, of radix 3
  EXPECT_FALSE(unpack_bits(Bytes{0b10000}, 3, two));
}

TEST(CodePacking, ColumnsAreTheRowsTransposed) {
  Bytes columns;
  append_columns(Bytes{1, 2, 3, 4, 5, 6}, 3, columns);
  EXPECT_EQ(columns, (Bytes{1, 4, 2, 5, 3, 6}));
  const Bytes large = random_codes(size_t{131} * 77, 256, 1);
  Bytes turned, back;
  append_columns(large, 77, turned);
  append_rows(turned, 77, back);
  EXPECT_EQ(back, large);
}

TEST(CodePacking, PlanesAreBytesBySignificance) {
  EXPECT_EQ(to_planes(Bytes{1, 2, 3, 4, 5, 6}, 2), (Bytes{1, 3, 5, 2, 4, 6}));
  EXPECT_EQ(from_planes(Bytes{1, 3, 5, 2, 4, 6}, 2), (Bytes{1, 2, 3, 4, 5, 6}));
}

TEST(CodePacking, TheEntropyIsShannons) {
  Bytes trits(300);
  for (size_t i = 0; i < trits.size(); ++i) trits[i] = static_cast<uint8_t>(i % 3);
  EXPECT_NEAR(entropy_bytes(trits), 300 * std::log2(3.0) / 8, 1e-9);
  EXPECT_NEAR(entropy_bytes(Bytes{0, 0, 0, 1}), 4 * 0.8112781244591328 / 8, 1e-12);
  EXPECT_EQ(entropy_bytes(Bytes(100, 7)), 0);
}

}  // namespace
}  // namespace tritium::artifact
