// Metadata, tensors in memory, and tensors as .npy.
#include "tensor/tensor_map.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>

#include "tensor/npy.h"
#include "tests/support/temporary_folder.h"

namespace tritium {
namespace {

TEST(Metadata, ReadsOnlyTheKindThatIsThere) {
  Metadata m;
  m.set("n", int64_t{3});
  m.set("x", 0.5);
  m.set("yes", true);
  m.set("name", std::string("maple"));
  EXPECT_EQ(m.integer("n"), 3);
  EXPECT_EQ(m.real("x"), 0.5);
  EXPECT_EQ(m.boolean("yes"), true);
  EXPECT_EQ(*m.text("name"), "maple");
  EXPECT_EQ(m.integer("x"), std::nullopt);
  EXPECT_EQ(m.text("n"), nullptr);
  EXPECT_EQ(m.texts("name"), nullptr);
  EXPECT_EQ(m.integer("absent"), std::nullopt);
}

TEST(Metadata, IntegerReadsAcceptBooleansAndRealReadsAcceptIntegers) {
  Metadata m;
  m.set("yes", true);
  m.set("n", int64_t{-7});
  m.set("huge", std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(m.integer("yes"), 1);
  EXPECT_EQ(m.real("n"), -7.0);
  EXPECT_EQ(m.real("huge"), 0x1p64);
  EXPECT_EQ(m.integer("huge"), std::nullopt);
}

TEST(MemoryTensorMap, GivesBackWhatWasAddedInTheOrderOfAdding) {
  MemoryTensorMap map;
  map.add("b", {2, 2}, std::vector{1.0f, 2.0f, 3.0f, 4.0f});
  map.add("a", {1, 8}, TernaryMatrix(1, 1, 8, ScaleGranularity::tensor));
  ASSERT_EQ(map.tensors().size(), 2u);
  EXPECT_EQ(map.tensors()[0].name, "b");
  EXPECT_TRUE(map.find("a")->ternary);
  EXPECT_EQ(*map.load_f32("b"), (std::vector{1.0f, 2.0f, 3.0f, 4.0f}));
  EXPECT_EQ(map.load_ternary("a")->cols(), 8);
  EXPECT_EQ(map.load_dense("b")->rows, 2);
}

TEST(MemoryTensorMap, AnAddedTensorReplacesTheOneOfItsName) {
  MemoryTensorMap map;
  map.add("w", {8}, TernaryMatrix(1, 1, 8, ScaleGranularity::tensor));
  map.add("w", {1}, std::vector{5.0f});
  EXPECT_EQ(map.tensors().size(), 1u);
  EXPECT_EQ(map.load_ternary("w").message(), "memory: tensor w is not ternary");
  EXPECT_EQ(*map.load_f32("w"), std::vector{5.0f});
}

TEST(MemoryTensorMap, AMissingTensorIsNotFoundByAnyLoad) {
  const MemoryTensorMap map("tiny");
  EXPECT_EQ(map.find("w"), nullptr);
  EXPECT_EQ(map.load_ternary("w").code(), StatusCode::not_found);
  EXPECT_EQ(map.load_f32("w").message(), "tiny: tensor w is not there");
  EXPECT_EQ(map.load_dense("w").code(), StatusCode::not_found);
}

TEST(Npy, TheHeaderIsAlignedAndNamesTypeAndShape) {
  const TemporaryFolder folder;
  const std::vector<float> values{1.0f, 2.0f, 3.0f};
  ASSERT_TRUE(write_npy(folder.file("x.npy"), DType::f32, {1, 3}, std::as_bytes(std::span(values))).ok());
  std::ifstream in(folder.file("x.npy"), std::ios::binary);
  const std::string file{std::istreambuf_iterator<char>(in), {}};
  ASSERT_EQ(file.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  const size_t start = 10 + static_cast<unsigned char>(file[8]) + 256u * static_cast<unsigned char>(file[9]);
  EXPECT_EQ(start % 64, 0u);
  EXPECT_EQ(file.substr(10, 57), "{'descr': '<f4', 'fortran_order': False, 'shape': (1,3,),");
  ASSERT_EQ(file.size(), start + 12);
  EXPECT_EQ(std::memcmp(file.data() + start, values.data(), 12), 0);
}

}  // namespace
}  // namespace tritium
