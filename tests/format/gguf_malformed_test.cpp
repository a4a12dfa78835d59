// Every way a file can contradict itself has an error that says which, where and by how much.
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "base/counter_rng.h"
#include "format/gguf_header.h"
#include "tests/format/gguf_bytes.h"

#if !defined(_WIN32)
#include <sys/stat.h>
#endif

namespace tritium {
namespace {

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

StatusCode code_of(const GgufBytes& b) { return open_bytes(b.bytes).code(); }

TEST(GgufMalformed, AnotherFormat) {
  EXPECT_EQ(message_about("PK\3\4 this is a zip archive, or pretends to be one"),
            "m.gguf: this is not a GGUF file (it does not begin with \"GGUF\")");
}

TEST(GgufMalformed, AnUnknownVersion) {
  EXPECT_EQ(message_about(GgufBytes(0, 0, 1).bytes), "m.gguf: GGUF version 1 is not supported; 2 and 3 are");
  EXPECT_EQ(message_about(GgufBytes(0, 0, 0).bytes), "m.gguf: GGUF version 0 is not supported; 2 and 3 are");
  EXPECT_EQ(code_of(GgufBytes(0, 0, 4)), StatusCode::unsupported);
}

TEST(GgufMalformed, ABigEndianFile) {
  EXPECT_EQ(message_about(GgufBytes(0, 0, 0x03000000).bytes),
            "m.gguf: this GGUF file is big-endian; convert it to little-endian");
}

TEST(GgufMalformed, MoreKeysThanTheFileCouldHold) {
  const GgufBytes b(0, kMax);
  EXPECT_EQ(message_about(b.bytes),
            "m.gguf: 18446744073709551615 keys announced at byte 24, but only 0 bytes are left: the file is damaged or "
            "cut off");
}

TEST(GgufMalformed, MoreTensorsThanTheFileCouldHold) {
  EXPECT_EQ(
      message_about(GgufBytes(uint64_t{1} << 60, 0).zeros(100).bytes),
      "m.gguf: 1152921504606846976 tensors announced at byte 24, but only 100 bytes are left: the file is damaged or "
      "cut off");
}

TEST(GgufMalformed, AStringLongerThanTheFile) {
  EXPECT_EQ(message_about(GgufBytes(0, 1).put(kMax).zeros(20).bytes),
            "m.gguf: a key at byte 32 needs 18446744073709551615 bytes, but only 20 are left: the file is damaged or "
            "cut off");
  EXPECT_NE(
      message_about(GgufBytes(0, 1).key("k", kString).put<uint64_t>(9).zeros(8).bytes).find("a string at byte 45"),
      std::string::npos);
}

TEST(GgufMalformed, AnUnknownValueType) {
  EXPECT_EQ(message_about(GgufBytes(0, 1).key("k", GgufKind{13}).zeros(8).bytes),
            "m.gguf: key k: value type 13 is unknown");
}

TEST(GgufMalformed, AnArrayLongerThanTheFile) {
  for (GgufKind kind : {kU8, kI16, kF32, kF64, kString}) {
    const std::string message = message_about(GgufBytes(0, 1).array("k", kind, kMax / 2).zeros(8).bytes);
    EXPECT_NE(message.find("9223372036854775807 array elements announced at byte 49, but only 8 bytes are left"),
              std::string::npos)
        << message;
  }
}

TEST(GgufMalformed, AnArrayOfArrays) {
  EXPECT_EQ(message_about(GgufBytes(0, 1).array("k", kArray, 1).zeros(64).bytes),
            "m.gguf: key k: array elements have type 9, which is unknown or nested");
}

TEST(GgufMalformed, AnArrayOfAnUnknownType) {
  EXPECT_EQ(message_about(GgufBytes(0, 1).array("k", GgufKind{77}, 1).zeros(64).bytes),
            "m.gguf: key k: array elements have type 77, which is unknown or nested");
}

TEST(GgufMalformed, AnArrayElementBeyondSignedIntegers) {
  EXPECT_EQ(message_about(GgufBytes(0, 1).array("k", kU64, 1).put(kMax).bytes),
            "m.gguf: key k: an array element is above 9223372036854775807");
}

TEST(GgufMalformed, AKeyThatIsThereTwice) {
  EXPECT_EQ(message_about(GgufBytes(0, 2).key("k", kBool).put<uint8_t>(0).key("k", kBool).put<uint8_t>(1).bytes),
            "m.gguf: key k is there twice");
}

TEST(GgufMalformed, ATensorThatIsThereTwice) {
  EXPECT_EQ(message_about(GgufBytes(2, 0).tensor("w", {1}, 0, 0).tensor("w", {1}, 0, 32).align().zeros(64).bytes),
            "m.gguf: tensor w is there twice");
}

TEST(GgufMalformed, AnAlignmentThatIsNoPowerOfTwoOrNotSane) {
  for (uint32_t alignment : {0u, 3u, 48u, 1u << 21})
    EXPECT_EQ(message_about(GgufBytes(0, 1).key("general.alignment", kU32).put(alignment).bytes),
              "m.gguf: general.alignment is " + std::to_string(alignment) + ", must be a power of two up to 1048576");
  EXPECT_EQ(code_of(GgufBytes(0, 1).key("general.alignment", kString).text("32")), StatusCode::corrupt_file);
}

TEST(GgufMalformed, ATensorWithoutDimensionsOrWithTooMany) {
  EXPECT_EQ(message_about(GgufBytes(1, 0).tensor("w", {}, 0, 0).zeros(64).bytes),
            "m.gguf: w: has 0 dimensions, must have 1 to 4");
  EXPECT_EQ(message_about(GgufBytes(1, 0).tensor("w", {1, 1, 1, 1, 1}, 0, 0).zeros(64).bytes),
            "m.gguf: w: has 5 dimensions, must have 1 to 4");
}

TEST(GgufMalformed, ADimensionOfZeroOrANegativeOne) {
  EXPECT_EQ(message_about(GgufBytes(1, 0).tensor("w", {4, 0}, 0, 0).zeros(64).bytes),
            "m.gguf: w: dimension 1 is 0, must be 1 to 1099511627776");
  EXPECT_EQ(message_about(GgufBytes(1, 0).tensor("w", {kMax}, 0, 0).zeros(64).bytes),
            "m.gguf: w: dimension 0 is 18446744073709551615, must be 1 to 1099511627776");
}

TEST(GgufMalformed, DimensionsWhoseProductOverflows) {
  const uint64_t d = uint64_t{1} << 32;
  EXPECT_EQ(message_about(GgufBytes(1, 0).tensor("w", {d, d}, 0, 0).zeros(64).bytes), "m.gguf: w: its size overflows");
}

TEST(GgufMalformed, ATypeThatIsNotKnownListsThoseThatAre) {
  const GgufBytes b = GgufBytes(1, 0).tensor("w", {32}, 39, 0).align().zeros(64);
  EXPECT_EQ(code_of(b), StatusCode::unsupported);
  const std::string message = message_about(b.bytes);
  EXPECT_EQ(message.rfind("m.gguf: w: tensor type 39 is not supported; supported: F32 (0), F16 (1)", 0), 0u) << message;
  EXPECT_NE(message.find("TQ2_0 (35)"), std::string::npos) << message;
}

TEST(GgufMalformed, RowsThatAreNotWholeBlocks) {
  EXPECT_EQ(message_about(GgufBytes(1, 0).tensor("w", {128, 4}, 35, 0).align().zeros(264).bytes),
            "m.gguf: w: rows of 128 are not a multiple of 256, which TQ2_0 needs");
}

TEST(GgufMalformed, AnOffsetThatIsNotAligned) {
  EXPECT_EQ(message_about(GgufBytes(1, 0).tensor("w", {1}, 0, 4).align().zeros(64).bytes),
            "m.gguf: w: offset 4 is not a multiple of the alignment 32");
}

TEST(GgufMalformed, AnOffsetOutsideTheFile) {
  EXPECT_EQ(message_about(GgufBytes(1, 0).tensor("w", {1}, 0, 4096).align().zeros(32).bytes),
            "m.gguf: w: offset 4096 lies outside the file of 96 bytes: the file is damaged or cut off");
}

TEST(GgufMalformed, AnOffsetThatWouldWrap) {
  for (uint64_t offset : {kMax - 31, kMax - 95, kMax / 2 + 1}) {
    const GgufBytes b = GgufBytes(2, 0).tensor("a", {1}, 0, 0).tensor("w", {1}, 0, offset).align().zeros(256);
    EXPECT_EQ(message_about(b.bytes).rfind("m.gguf: w: offset " + std::to_string(offset) + " lies outside", 0), 0u)
        << message_about(b.bytes);
  }
}

TEST(GgufMalformed, TensorsThatOverlap) {
  EXPECT_EQ(
      message_about(GgufBytes(2, 0).tensor("a", {16}, 0, 0).tensor("b", {16}, 0, 32).align().zeros(96).bytes),
      "m.gguf: a: 64 bytes expected for F32 [16], file has 32: it overlaps b, or the type may be another program's");
  EXPECT_EQ(
      message_about(GgufBytes(2, 0).tensor("a", {16}, 0, 0).tensor("b", {16}, 0, 0).align().zeros(96).bytes),
      "m.gguf: a: 64 bytes expected for F32 [16], file has 0: it overlaps b, or the type may be another program's");
}

TEST(GgufMalformed, AGapThatIsMoreThanPadding) {
  EXPECT_EQ(message_about(GgufBytes(2, 0).tensor("a", {1}, 0, 0).tensor("b", {1}, 0, 64).align().zeros(96).bytes),
            "m.gguf: a: 4 bytes expected for F32 [1], file has 64: the type may be another program's");
}

TEST(GgufMalformed, ATensorThatIsCutOff) {
  EXPECT_EQ(
      message_about(GgufBytes(1, 0).tensor("w", {256, 2}, 35, 0).align().zeros(131).bytes),
      "m.gguf: w: 132 bytes expected for TQ2_0 [2,256], file has 131: the file is cut off, or the type may be another "
      "program's");
}

TEST(GgufMalformed, Id42WithTheSizeOfNeitherLayout) {
  // 16384 codes: 4608 bytes in groups of 64, 4352 in groups of 128.
  const GgufBytes b = GgufBytes(2, 0).tensor("w", {256, 64}, 42, 0).tensor("v", {1}, 0, 4480).align().zeros(4484);
  EXPECT_EQ(
      message_about(b.bytes),
      "m.gguf: w: 4608 bytes expected for Q2_0 [64,256] group 64, or 4352 for group 128, or 2688 for STQ1_0, file has "
      "4480: it overlaps v, "
      "or the type may be another program's");
}

// A file with every kind of value and several types of tensors.
std::string rich_file() {
  GgufBytes b(4, 8);
  b.key("a", kString)
      .text("maple")
      .key("b", kU32)
      .put<uint32_t>(7)
      .key("c", kF32)
      .put(0.5f)
      .key("d", kBool)
      .put<uint8_t>(1);
  b.array("e", kString, 2).text("x").text("yz").array("f", kF32, 2).put(1.0f).put(2.0f);
  b.array("g", kI32, 1).put<int32_t>(-1).key("h", kU64).put<uint64_t>(9);
  b.tensor("w0", {4}, 0, 0).tensor("w1", {256}, 35, 32).tensor("w2", {64}, 42, 128).tensor("w3", {128}, 36, 160);
  return b.align().zeros(224).bytes;
}

// In memory of exactly its size, so that an address sanitizer sees a byte read too far.
Result<GgufHeader> parse(const std::string& bytes) {
  const std::vector<char> exact(bytes.begin(), bytes.end());
  return parse_gguf_header(std::as_bytes(std::span(exact)));
}

TEST(GgufMalformed, TheRichFileItselfIsFine) {
  const auto file = open_bytes(rich_file());
  ASSERT_TRUE(file.ok()) << file.message();
  for (const TensorInfo& t : (*file)->tensors()) EXPECT_TRUE((*file)->load_f32(t.name).ok()) << t.name;
}

TEST(GgufMalformed, CutOffAnywhereIsAnError) {
  const std::string whole = rich_file();
  for (size_t n = 0; n < whole.size(); ++n) {
    const Result<GgufHeader> header = parse(whole.substr(0, n));
    ASSERT_FALSE(header.ok()) << n;
    ASSERT_FALSE(header.message().empty());
  }
}

TEST(GgufMalformed, NoByteCanBeChangedIntoACrash) {
  const std::string whole = rich_file();
  size_t accepted = 0;
  for (size_t at = 0; at < whole.size(); ++at)
    for (int change : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ change);
      const Result<GgufHeader> header = parse(bytes);
      if (!header.ok()) {
        ASSERT_FALSE(header.message().empty());
        continue;
      }
      ++accepted;
      for (const GgufTensorHeader& t : header->tensors) ASSERT_LE(t.offset + t.bytes, bytes.size()) << t.name;
    }
  EXPECT_GT(accepted, 0u);  // a changed name or value is a file like any other
}

TEST(GgufMalformed, NoHandfulOfBytesCanBeChangedIntoACrash) {
  const std::string whole = rich_file();
  for (uint64_t seed = 1; seed <= 20000; ++seed) {
    std::string bytes = whole;
    for (uint64_t i = 0; i < 2 + seed % 7; ++i) {
      const size_t at = random_bits(seed, 2 * i) % bytes.size();
      const uint64_t value = random_bits(seed, 2 * i + 1);
      bytes[at] = value % 3 == 0 ? '\xFF' : static_cast<char>(value >> 8);
    }
    const Result<GgufHeader> header = parse(bytes);
    if (!header.ok()) continue;
    for (const GgufTensorHeader& t : header->tensors) ASSERT_LE(t.offset + t.bytes, bytes.size()) << "seed " << seed;
  }
}

TEST(GgufMalformed, WhatOpensAfterAChangeAlsoLoadsOrSaysWhyNot) {
  const std::string whole = rich_file();
  for (size_t at = 0; at < whole.size(); at += 3) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(~bytes[at]);
    if (!parse(bytes).ok()) continue;
    const auto file = open_bytes(bytes);
    ASSERT_TRUE(file.ok()) << file.message();
    for (const TensorInfo& t : (*file)->tensors()) {
      const auto values = (*file)->load_f32(t.name);
      ASSERT_TRUE(values.ok() || !values.message().empty());
      const auto trits = (*file)->load_ternary(t.name);
      ASSERT_TRUE(trits.ok() || !trits.message().empty());
    }
  }
}

// A file of zeros behind the header, which no disk has to hold.
Status open_sparse(const GgufBytes& header, uint64_t zeros) {
  const TemporaryFolder folder;
  put_file(folder.file("m.gguf"), header.bytes);
  std::filesystem::resize_file(folder.file("m.gguf"), header.bytes.size() + zeros);
  return open_gguf(folder.file("m.gguf"), {}).status();
}

TEST(GgufMalformed, AHeaderThatWouldTakeTooMuchMemoryIsRefusedBeforeItDoes) {
  const auto expect = [](const GgufBytes& header, const std::string& part) {
    const Status status = open_sparse(header, uint64_t{6} << 30);
    EXPECT_EQ(status.code(), StatusCode::unsupported) << status.message();
    EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
    EXPECT_NE(status.message().find("a header may take 512 MiB in memory"), std::string::npos) << status.message();
  };
  expect(GgufBytes(0, 1).array("k", kU8, 100'000'000), "array elements at byte 49 need 762 MiB");
  expect(GgufBytes(0, 1).array("k", kBool, 1'000'000'000), "array elements at byte 49 need");
  expect(GgufBytes(0, 1).array("k", kString, 100'000'000), "array elements at byte 49 need");
  expect(GgufBytes(0, 1).key("k", kString).put(uint64_t{5} << 30), "a string at byte 45 need 5120 MiB");
  expect(GgufBytes(0, 100'000'000), "keys at byte 24 need");
  expect(GgufBytes(100'000'000, 0), "tensors at byte 24 need");
  // Many small ones count together.
  expect(GgufBytes(0, 2).array("a", kU8, 60'000'000).zeros(60'000'000).array("b", kU8, 60'000'000), "array elements");
}

TEST(GgufMalformed, AFileThatIsCutOffWhileItIsOpenIsAMessage) {
  const TemporaryFolder folder;
  const std::string path = folder.file("m.gguf");
  GgufBytes b(1, 0);
  put_file(path, b.tensor("w", {25600}, 0, 0).align().zeros(102400).bytes);
  const auto file = open_gguf(path, {});
  ASSERT_TRUE(file.ok()) << file.message();
  EXPECT_TRUE((*file)->load_f32("w").ok());
  std::filesystem::resize_file(path, 20000);
  const auto values = (*file)->load_f32("w");
  EXPECT_EQ(values.code(), StatusCode::corrupt_file);
  EXPECT_NE(values.message().find(path + ": the file ends at byte 20000"), std::string::npos) << values.message();
}

TEST(GgufMalformed, APartThatCannotBeReadIsKnownByItsName) {
  const TemporaryFolder folder;
  put_file(folder.file("m-00002-of-00003.gguf"), "the middle of a model, cut with split");
  const std::string message = open_gguf(folder.file("m-00002-of-00003.gguf"), {}).message();
  EXPECT_NE(message.find("this is not a GGUF file"), std::string::npos) << message;
  EXPECT_NE(message.find("; by its name it is part 2 of 3 of a split model; join them"), std::string::npos) << message;
}

#if !defined(_WIN32)
TEST(GgufMalformed, APipeIsRefusedAndNotWaitedFor) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo(folder.file("pipe").c_str(), 0600), 0);
  for (const std::string& path : {folder.file("pipe"), std::string("/dev/zero"), folder.path().string()}) {
    const auto file = open_gguf(path, {});
    EXPECT_EQ(file.code(), StatusCode::io_error);
    EXPECT_NE(file.message().find("not a regular file"), std::string::npos) << file.message();
  }
}
#endif

TEST(GgufMalformed, AHeaderLongerThanWhatIsReadAtOnceIsReadWhole) {
  GgufBytes b(0, 3);
  b.array("numbers", kU32, 100000);
  for (uint32_t i = 0; i < 100000; ++i) b.put(i);
  b.key("text", kString).text(std::string(300000, 'x')).key("last", kU8).put<uint8_t>(7);
  const auto file = open_bytes(b.bytes);
  ASSERT_TRUE(file.ok()) << file.message();
  EXPECT_EQ((*file)->metadata().integers("numbers")->at(99999), 99999);
  EXPECT_EQ(*(*file)->metadata().text("text"), std::string(300000, 'x'));
  EXPECT_EQ((*file)->metadata().integer("last"), 7);
}

}  // namespace
}  // namespace tritium
