#include "format/storage_type.h"

#include <gtest/gtest.h>

#include <limits>

namespace tritium {
namespace {

uint64_t bytes_of(StorageType type, std::vector<int64_t> shape) { return *storage_bytes(type, shape); }

TEST(StorageType, IdsAndNamesAreThoseOfTheEcosystem) {
  const std::pair<uint32_t, const char*> table[] = {
      {0, "F32"},    {1, "F16"},   {8, "Q8_0"},  {12, "Q4_K"}, {14, "Q6_K"},   {30, "BF16"},   {34, "TQ1_0"},
      {35, "TQ2_0"}, {36, "I2_S"}, {41, "Q1_0"}, {42, "Q2_0"}, {142, "PQ2_0"}, {143, "PTQ1_0"}};
  for (const auto& [id, name] : table) {
    ASSERT_TRUE(storage_type_of_id(id)) << name;
    EXPECT_EQ(traits_of(*storage_type_of_id(id)).name, name);
    EXPECT_EQ(storage_type_of_name(name), storage_type_of_id(id));
  }
}

TEST(StorageType, UnknownIdsAndNamesAreNothing) {
  EXPECT_EQ(storage_type_of_id(39), std::nullopt);
  EXPECT_EQ(storage_type_of_name("Q3_K"), std::nullopt);
}

TEST(StorageType, ABlockHasTheBytesOfItsFormat) {
  EXPECT_EQ(bytes_of(StorageType::f32, {3}), 12u);
  EXPECT_EQ(bytes_of(StorageType::bf16, {3}), 6u);
  EXPECT_EQ(bytes_of(StorageType::q8_0, {2, 32}), 68u);
  EXPECT_EQ(bytes_of(StorageType::q4_k, {256}), 144u);
  EXPECT_EQ(bytes_of(StorageType::q6_k, {256}), 210u);
  EXPECT_EQ(bytes_of(StorageType::tq1_0, {256}), 54u);
  EXPECT_EQ(bytes_of(StorageType::tq2_0, {2, 3, 512}), 12 * 66u);
  EXPECT_EQ(bytes_of(StorageType::i2_s, {4, 32}), 32 + 32u);
  EXPECT_EQ(bytes_of(StorageType::q1_0, {128}), 18u);
  EXPECT_EQ(bytes_of(StorageType::q2_0, {128}), 36u);
  EXPECT_EQ(bytes_of(StorageType::q2_0_group128, {128}), 34u);
  EXPECT_EQ(bytes_of(StorageType::pq2_0, {128}), 34u);
  EXPECT_EQ(bytes_of(StorageType::ptq1_0, {128}), 28u);
}

TEST(StorageType, RowsAreWholeBlocks) {
  const std::vector<int64_t> shape{4, 128};
  const Result<uint64_t> bytes = storage_bytes(StorageType::tq2_0, shape);
  EXPECT_EQ(bytes.message(), "rows of 128 are not a multiple of 256, which TQ2_0 needs");
}

TEST(StorageType, I2sInterleavesAcrossRowsSoOnlyTheWholeTensorIsInUnits) {
  EXPECT_TRUE(storage_bytes(StorageType::i2_s, std::vector<int64_t>{4, 32}).ok());
  const Result<uint64_t> bytes = storage_bytes(StorageType::i2_s, std::vector<int64_t>{3, 32});
  EXPECT_EQ(bytes.message(), "96 elements are not a multiple of 128, which I2_S needs");
}

TEST(StorageType, SizesThatDoNotFitAreErrorsForEveryType) {
  for (StorageType type : {StorageType::f32, StorageType::q4_k, StorageType::tq1_0, StorageType::i2_s})
    for (int64_t d : {int64_t{1} << 16, int64_t{1} << 40, std::numeric_limits<int64_t>::max()}) {
      const Result<uint64_t> bytes = storage_bytes(type, std::vector<int64_t>{d, d, d, d});
      EXPECT_EQ(bytes.message(), "its size overflows") << d;
    }
}

}  // namespace
}  // namespace tritium
