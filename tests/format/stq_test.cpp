// STQ1_0: one zero in each four trits, 256 in 42 bytes, under two ids.
#include <gtest/gtest.h>

#include "base/input_file.h"
#include "base/json.h"
#include "format/codec.h"
#include "tensor/half.h"
#include "tests/format/gguf_bytes.h"
#include "tests/format/random_trits.h"
#include "tests/support/shared_material.h"

namespace tritium {
namespace {

// The trits of a four, by their definition: code c of one half of the book, or that with all signs turned.
std::vector<int> four(unsigned index) {
  constexpr unsigned kBook[] = {0xA9, 0x89, 0x29, 0x09, 0xA6, 0x86, 0x26, 0x06,
                                0x9A, 0x92, 0x1A, 0x12, 0x6A, 0x62, 0x4A, 0x42};
  std::vector<int> trits;
  for (unsigned l = 0; l < 4; ++l) {
    const int trit = static_cast<int>((kBook[index % 16] >> (2 * l)) & 3) - 1;
    trits.push_back(index < 16 ? trit : -trit);
  }
  return trits;
}

// Random fours where the format wants them: weight l of group g is number 64 (g / 16) + g % 16 + 16 l of its block.
TernaryMatrix sherry_matrix(int64_t rows, int64_t cols, uint64_t seed) {
  TernaryMatrix m(1, rows, cols, ScaleGranularity::group, 256);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t start = 0; start < cols; start += 256)
      for (int64_t g = 0; g < 64; ++g) {
        const auto trits =
            four(static_cast<unsigned>(random_bits(seed, static_cast<uint64_t>(r * cols + start + g)) % 32));
        for (int64_t l = 0; l < 4; ++l)
          m.set_trit(0, r, start + 64 * (g / 16) + g % 16 + 16 * l, trits[static_cast<size_t>(l)]);
      }
  for (size_t i = 0; i < m.scales().size(); ++i) m.scales()[i] = random_f16_scale(seed, 100000 + i);
  return m;
}

StoredTensor stored(const std::vector<std::byte>& bytes, std::vector<int64_t> shape) {
  return {.type = StorageType::stq1_0, .shape = std::move(shape), .bytes = bytes};
}

TEST(Stq, DecodingGivesBackWhatWasEncodedInFortyTwoBytesABlock) {
  const TernaryMatrix m = sherry_matrix(5, 512, 9);
  const auto bytes = encode_ternary(m, StorageType::stq1_0);
  ASSERT_TRUE(bytes.ok()) << bytes.message();
  EXPECT_EQ(bytes->size(), 5u * 2 * 42);
  const auto back = decode_ternary(stored(*bytes, {5, 512}));
  ASSERT_TRUE(back.ok()) << back.message();
  EXPECT_TRUE(same_trits(*back, m));
  EXPECT_EQ(back->dequantize(), m.dequantize());
}

TEST(Stq, RefusesTritsWithAnotherNumberOfZeros) {
  TernaryMatrix m = sherry_matrix(2, 256, 9);
  m.set_trit(0, 1, 0, 0), m.set_trit(0, 1, 16, 0);
  EXPECT_EQ(encode_ternary(m, StorageType::stq1_0).message(),
            "STQ1_0 has one zero in each four trits, row 1 has more or fewer");
}

TEST(Stq, IsReadUnderBothIds) {
  const TernaryMatrix m = sherry_matrix(64, 256, 3);
  const std::vector<std::byte> blocks = *encode_ternary(m, StorageType::stq1_0);
  const std::string data(reinterpret_cast<const char*>(blocks.data()), blocks.size());
  for (uint32_t id : {42u, 43u}) {
    GgufBytes b(1, 0);
    b.tensor("w", {256, 64}, id, 0).align().bytes += data;
    const auto file = open_bytes(b.bytes);
    ASSERT_TRUE(file.ok()) << file.message();
    EXPECT_EQ((*file)->find("w")->type, "STQ1_0");
    EXPECT_TRUE(same_trits(*(*file)->load_ternary("w"), m));
  }
}

TEST(Stq, BlocksOfTheDescriptionHaveTheirTrits) {
  const auto path = shared_file("stq/stq1_0.json");
  if (!path) GTEST_SKIP() << kNoSharedMaterial;
  const Result<Json> json = parse_json(*read_file(path->string()));
  ASSERT_TRUE(json.ok()) << json.message();
  for (const Json& block : *json->find("blocks")->array()) {
    const std::string& hex = *block.find("hex")->text();
    std::vector<std::byte> bytes;
    for (size_t i = 0; i < hex.size(); i += 2)
      bytes.push_back(static_cast<std::byte>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    const auto m = decode_ternary(stored(bytes, {1, 256}));
    ASSERT_TRUE(m.ok()) << m.message();
    std::string trits;
    for (int64_t c = 0; c < 256; ++c) trits += "-0+"[m->trit(0, 0, c) + 1];
    EXPECT_EQ(trits, *block.find("trits")->text());
    const auto back = encode_ternary(*m, StorageType::stq1_0);
    ASSERT_TRUE(back.ok()) << back.message();
    EXPECT_EQ(*back, bytes);
  }
}

}  // namespace
}  // namespace tritium
