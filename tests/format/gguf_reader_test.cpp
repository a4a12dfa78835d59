// What a well-formed file means.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "format/codec.h"
#include "tests/format/gguf_bytes.h"
#include "tests/format/random_trits.h"

namespace tritium {
namespace {

std::string as_text(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(GgufReader, ReadsVersions2And3) {
  for (uint32_t version : {2u, 3u}) {
    const auto file = open_bytes(GgufBytes(1, 0, version).tensor("w", {4}, 0, 0).align().floats({1, 2, 3, 4}).bytes);
    ASSERT_TRUE(file.ok()) << file.message();
    EXPECT_EQ(*(*file)->load_f32("w"), (std::vector{1.0f, 2.0f, 3.0f, 4.0f}));
  }
}

TEST(GgufReader, AFileWithoutTensorsIsAVocabulary) {
  const auto file = open_bytes(GgufBytes(0, 1).key("a", kBool).put<uint8_t>(1).bytes);
  ASSERT_TRUE(file.ok()) << file.message();
  EXPECT_TRUE((*file)->tensors().empty());
  EXPECT_EQ((*file)->metadata().boolean("a"), true);
}

TEST(GgufReader, ReadsEveryKindOfValue) {
  GgufBytes b(0, 13);
  b.key("u8", kU8).put<uint8_t>(200).key("i8", kI8).put<int8_t>(-100).key("u16", kU16).put<uint16_t>(60000);
  b.key("i16", kI16).put<int16_t>(-30000).key("u32", kU32).put<uint32_t>(4000000000u).key("i32", kI32).put<int32_t>(-5);
  b.key("f32", kF32)
      .put(0.1f)
      .key("bool", kBool)
      .put<uint8_t>(0)
      .key("string", kString)
      .text(std::string_view("a\0b", 3));
  b.key("u64", kU64)
      .put<uint64_t>(5)
      .key("i64", kI64)
      .put(std::numeric_limits<int64_t>::min())
      .key("f64", kF64)
      .put(0.1);
  b.key("huge", kU64).put(std::numeric_limits<uint64_t>::max());
  const auto file = open_bytes(b.bytes);
  ASSERT_TRUE(file.ok()) << file.message();
  const Metadata& m = (*file)->metadata();
  EXPECT_EQ(m.integer("u8"), 200);
  EXPECT_EQ(m.integer("i8"), -100);
  EXPECT_EQ(m.integer("u16"), 60000);
  EXPECT_EQ(m.integer("i16"), -30000);
  EXPECT_EQ(m.integer("u32"), 4000000000);
  EXPECT_EQ(m.integer("i32"), -5);
  EXPECT_EQ(m.real("f32"), double{0.1f});
  EXPECT_EQ(m.boolean("bool"), false);
  EXPECT_EQ(*m.text("string"), std::string("a\0b", 3));
  EXPECT_EQ(m.integer("u64"), 5);
  EXPECT_EQ(m.integer("i64"), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(m.real("f64"), 0.1);
  EXPECT_EQ(std::get<uint64_t>(*m.find("huge")), std::numeric_limits<uint64_t>::max());
}

TEST(GgufReader, ReadsArraysOfEveryKind) {
  GgufBytes b(0, 13);
  b.array("u8", kU8, 2).put<uint8_t>(1).put<uint8_t>(255).array("i8", kI8, 1).put<int8_t>(-1);
  b.array("u16", kU16, 1).put<uint16_t>(65535).array("i16", kI16, 1).put<int16_t>(-2);
  b.array("u32", kU32, 1).put<uint32_t>(4000000000u).array("i32", kI32, 1).put<int32_t>(-3);
  b.array("u64", kU64, 1).put<uint64_t>(7).array("i64", kI64, 1).put<int64_t>(-4);
  b.array("bool", kBool, 3).put<uint8_t>(1).put<uint8_t>(0).put<uint8_t>(1);
  b.array("f32", kF32, 1).put(0.5f).array("f64", kF64, 1).put(0.1);
  b.array("string", kString, 2).text("a").text("").array("empty", kI32, 0);
  const auto file = open_bytes(b.bytes);
  ASSERT_TRUE(file.ok()) << file.message();
  const Metadata& m = (*file)->metadata();
  EXPECT_EQ(*m.integers("u8"), (std::vector<int64_t>{1, 255}));
  EXPECT_EQ(*m.integers("i8"), (std::vector<int64_t>{-1}));
  EXPECT_EQ(*m.integers("u16"), (std::vector<int64_t>{65535}));
  EXPECT_EQ(*m.integers("i16"), (std::vector<int64_t>{-2}));
  EXPECT_EQ(*m.integers("u32"), (std::vector<int64_t>{4000000000}));
  EXPECT_EQ(*m.integers("i32"), (std::vector<int64_t>{-3}));
  EXPECT_EQ(*m.integers("u64"), (std::vector<int64_t>{7}));
  EXPECT_EQ(*m.integers("i64"), (std::vector<int64_t>{-4}));
  EXPECT_EQ(*m.booleans("bool"), (std::vector<bool>{true, false, true}));
  EXPECT_EQ(*m.reals("f32"), (std::vector{0.5}));
  EXPECT_EQ(*m.reals("f64"), (std::vector{0.1}));
  EXPECT_EQ(*m.texts("string"), (std::vector<std::string>{"a", ""}));
  EXPECT_TRUE(m.integers("empty")->empty());
}

TEST(GgufReader, ShapesAreOutermostFirst) {
  const auto file = open_bytes(GgufBytes(1, 0).tensor("w", {5, 3, 2}, 0, 0).align().zeros(120).bytes);
  ASSERT_TRUE(file.ok()) << file.message();
  const TensorInfo* w = (*file)->find("w");
  EXPECT_EQ(w->shape, (std::vector<int64_t>{2, 3, 5}));
  EXPECT_EQ(w->type, "F32");
  EXPECT_EQ(w->bytes, 120u);
  EXPECT_FALSE(w->ternary);
}

TEST(GgufReader, TensorsMayLieInAnotherOrderThanTheyAreListed) {
  const auto file = open_bytes(GgufBytes(2, 0)
                                   .tensor("second", {1}, 0, 32)
                                   .tensor("first", {1}, 0, 0)
                                   .align()
                                   .floats({1})
                                   .align()
                                   .floats({2})
                                   .bytes);
  ASSERT_TRUE(file.ok()) << file.message();
  EXPECT_EQ((*file)->tensors()[0].name, "second");
  EXPECT_EQ(*(*file)->load_f32("first"), std::vector{1.0f});
  EXPECT_EQ(*(*file)->load_f32("second"), std::vector{2.0f});
}

TEST(GgufReader, TheFileSaysItsAlignment) {
  GgufBytes b(2, 1);
  b.key("general.alignment", kU32).put<uint32_t>(128);
  b.tensor("a", {1}, 0, 0).tensor("b", {1}, 0, 128).align(128).floats({1}).align(128).floats({2});
  const auto file = open_bytes(b.bytes);
  ASSERT_TRUE(file.ok()) << file.message();
  EXPECT_EQ(*(*file)->load_f32("b"), std::vector{2.0f});
}

TEST(GgufReader, TellsTheLayoutsOfId42ApartByTheirSize) {
  const TernaryMatrix m = random_trits(1, 64, 128, ScaleGranularity::row, 3);
  for (StorageType type : {StorageType::q2_0, StorageType::q2_0_group128})
    for (bool last : {false, true}) {
      const std::string data = as_text(*encode_ternary(m, type));
      GgufBytes b(last ? 1 : 2, 0);
      b.tensor("w", {128, 64}, 42, 0);
      if (!last) b.tensor("after", {1}, 0, data.size() / 32 * 32 + (data.size() % 32 ? 32 : 0));
      b.align().bytes += data;
      if (!last) b.align().floats({1});
      const auto file = open_bytes(b.bytes);
      ASSERT_TRUE(file.ok()) << file.message();
      EXPECT_EQ((*file)->find("w")->type, traits_of(type).name);
      EXPECT_TRUE(same_trits(*(*file)->load_ternary("w"), m));
    }
}

TEST(GgufReader, SmallTensorsOfId42FollowTheLargeOnesOfTheirFile) {
  const TernaryMatrix large = random_trits(1, 64, 128, ScaleGranularity::row, 3);
  const TernaryMatrix small = random_trits(1, 1, 128, ScaleGranularity::row, 4);  // 36 or 34 bytes: 64 with padding
  for (StorageType type : {StorageType::q2_0, StorageType::q2_0_group128}) {
    const std::string first = as_text(*encode_ternary(small, type)), second = as_text(*encode_ternary(large, type));
    GgufBytes b = GgufBytes(2, 0).tensor("small", {128}, 42, 0).tensor("large", {128, 64}, 42, 64).align();
    b.bytes += first;
    b.align().bytes += second;
    const auto file = open_bytes(b.bytes);
    ASSERT_TRUE(file.ok()) << file.message();
    EXPECT_EQ((*file)->find("small")->type, traits_of(type).name);
    EXPECT_EQ((*file)->load_ternary("small")->dequantize(), small.dequantize());
  }
}

TEST(GgufReader, TheInterleavingOfI2sIsTheCallersToSay) {
  const TernaryMatrix m = random_trits(1, 2, 128, ScaleGranularity::tensor, 3);
  GgufBytes b = GgufBytes(1, 0).tensor("w", {128, 2}, 36, 0).align();
  b.bytes += as_text(*encode_ternary(m, StorageType::i2_s));
  EXPECT_TRUE(same_trits(*(*open_bytes(b.bytes))->load_ternary("w"), m));
  const auto other = (*open_bytes(b.bytes, {.i2s_interleave_64 = true}))->load_ternary("w");
  ASSERT_TRUE(other.ok()) << other.message();
  EXPECT_FALSE(same_trits(*other, m));
  EXPECT_EQ(other->zero_fraction(), m.zero_fraction());  // the same trits elsewhere
}

TEST(GgufReader, AStackOfExpertsInI2sHasOneScale) {
  const TernaryMatrix m = random_trits(3, 4, 64, ScaleGranularity::tensor, 3);
  GgufBytes b = GgufBytes(1, 0).tensor("w", {64, 4, 3}, 36, 0).align();
  b.bytes += as_text(*encode_ternary(m, StorageType::i2_s));
  const auto file = open_bytes(b.bytes);
  ASSERT_TRUE(file.ok()) << file.message();
  EXPECT_EQ((*file)->find("w")->bytes, 768u / 4 + 32);
  const auto back = (*file)->load_ternary("w");
  EXPECT_TRUE(same_trits(*back, m));
  EXPECT_EQ(back->granularity(), ScaleGranularity::tensor);
}

TEST(GgufReader, MoreMayFollowTheLastTensor) { EXPECT_TRUE(open_bytes(small_file().zeros(1000).bytes).ok()); }

TEST(GgufReader, AMissingTensorIsNotFound) {
  const auto file = open_bytes(small_file().bytes);
  EXPECT_EQ((*file)->find("v"), nullptr);
  EXPECT_EQ((*file)->load_f32("v").code(), StatusCode::not_found);
  EXPECT_EQ((*file)->load_f32("v").message(), (*file)->source() + ": tensor v is not there");
}

TEST(GgufReader, AMissingFileIsNotFound) { EXPECT_EQ(open_gguf("/nowhere/m.gguf", {}).code(), StatusCode::not_found); }

TEST(GgufReader, LoadingTheWrongKindNamesFileTensorAndType) {
  const auto file = open_bytes(small_file().bytes);
  const auto refused = (*file)->load_ternary("w");
  EXPECT_EQ(refused.code(), StatusCode::unsupported);
  EXPECT_EQ(refused.message(), (*file)->source() + ": w: is F32, not a ternary type");
}

TEST(GgufReader, AWeightThatIsNotFiniteNamesFileTensorAndElement) {
  const auto file = open_bytes(GgufBytes(1, 0).tensor("w", {2}, 0, 0).align().floats({1, std::nanf("")}).bytes);
  ASSERT_TRUE(file.ok()) << file.message();
  EXPECT_EQ((*file)->load_f32("w").message(), (*file)->source() + ": w: element 1 is nan");
}

}  // namespace
}  // namespace tritium
