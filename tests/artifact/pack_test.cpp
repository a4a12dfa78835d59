// Models as artifacts: the same file comes back, byte for byte, and with it the same logits; what is said of sizes is
// so.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <filesystem>
#include <limits>
#include <span>

#include "base/atomic_file.h"
#include "base/folder.h"
#include "tests/artifact/packed_model.h"
#include "tests/model_files/logits.h"
#include "tests/support/shared_material.h"
#include "tritium/artifact.hpp"
#include "tritium/convert.hpp"

namespace tritium {
namespace {

constexpr int kFast = 3;  // a level of zstd for what does not measure sizes

struct Files {
  TemporaryFolder folder;
  std::string model = folder.file("m.gguf"), artifact = folder.file("m.tpk"), back = folder.file("back.gguf");

  PackedModel pack(int level = kFast) const {
    const auto packed = pack_model(model, {.output = artifact, .level = level});
    EXPECT_TRUE(packed.ok()) << packed.message();
    return packed.ok() ? *packed : PackedModel();
  }
  // Also checks what is said of the sizes.
  void expect_the_same_file_back() const {
    const PackedModel packed = pack();
    uint64_t bytes = 0;
    for (const PackedStream& s : packed.streams) bytes += s.bytes;
    EXPECT_EQ(bytes, packed.artifact_bytes);
    EXPECT_EQ(packed.artifact_bytes, std::filesystem::file_size(artifact));
    EXPECT_EQ(packed.model_bytes, std::filesystem::file_size(model));
    const auto unpacked = unpack_model(artifact, {.output = back});
    ASSERT_TRUE(unpacked.ok()) << unpacked.message();
    EXPECT_EQ(*unpacked, packed.model_bytes);
    EXPECT_TRUE(bytes_of_file(back) == bytes_of_file(model));
  }
};

const PackedStream* stream_of(const PackedModel& packed, const std::string& kind, const std::string& part) {
  for (const PackedStream& s : packed.streams)
    if (s.kind == kind && s.part == part) return &s;
  return nullptr;
}

TEST(Pack, EveryTernaryTypeComesBackByteForByte) {
  for (const StorageType type : {StorageType::tq1_0, StorageType::tq2_0, StorageType::i2_s, StorageType::q2_0,
                                 StorageType::pq2_0, StorageType::ptq1_0}) {
    SCOPED_TRACE(traits_of(type).name);
    const Files files;
    write_random_model(files.model, {.architecture = "llama"}, type);
    files.expect_the_same_file_back();
    const PackedModel packed = files.pack();
    const PackedStream* codes = stream_of(packed, "attention", "codes");
    ASSERT_TRUE(codes);
    EXPECT_EQ(codes->radix, 3);
    EXPECT_LE(8.0 * static_cast<double>(codes->packed_bytes), 2.01 * static_cast<double>(codes->weights));
  }
}

TEST(Pack, EveryOtherTypeComesBackByteForByte) {
  for (const char* type : {"f16", "bf16", "q8_0", "q4_0", "q4_k", "q6_k"}) {
    SCOPED_TRACE(type);
    const Files files;
    const std::string floats = files.folder.file("f.gguf");
    write_random_model(floats, {.architecture = "qwen3moe", .n_experts = 2, .ternary = false}, StorageType::tq2_0);
    const auto written = quantize_model(
        floats, {.output = files.model, .embedding = type, .attention = type, .experts = type, .head = type});
    ASSERT_TRUE(written.ok()) << written.message();
    files.expect_the_same_file_back();
  }
}

TEST(Pack, LogitsAreTheSameBitForBit) {
  for (const bool tied : {false, true})
    for (const char* architecture : {"llama", "maple"}) {
      const Files files;
      const bool experts = std::string(architecture) == "maple";
      write_random_model(files.model,
                         {.architecture = architecture, .n_experts = experts ? 4 : 0, .tied_head = tied && !experts},
                         StorageType::tq2_0, StorageType::f16);
      files.expect_the_same_file_back();
      const std::vector<int32_t> tokens = {1, 5, 90, 7, 33};
      const auto before = logits_of(files.model, "cpu", tokens, Activations::int8);
      const auto after = logits_of(files.back, "cpu", tokens, Activations::int8);
      ASSERT_TRUE(before.ok() && after.ok()) << before.message() << after.message();
      EXPECT_EQ(*before, *after);
    }
}

// ---- floats that are less than floats

struct Floats {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<float> values;
};

// Rows s q of integers to `largest`, which each row has, under a scale of F16 each.
Floats integer_rows(const std::string& name, int64_t rows, int64_t cols, int largest) {
  Floats t = {name, {rows, cols}, {}};
  for (int64_t i = 0; i < rows * cols; ++i) {
    const float scale = f16_to_f32(f32_to_f16(0.01f + 0.001f * static_cast<float>(i / cols)));
    const auto q = i % cols == 0 ? largest : static_cast<int>(i * i * 7 % (2 * largest + 1)) - largest;
    t.values.push_back(scale * static_cast<float>(q));
  }
  return t;
}

PackedModel pack_floats(const Files& files, const std::vector<Floats>& floats) {
  std::vector<GgufTensor> tensors;
  for (const Floats& t : floats) {
    const auto bytes = std::as_bytes(std::span(t.values));  // whatever they are
    tensors.push_back(
        {.name = t.name, .type = StorageType::f32, .shape = t.shape, .bytes = {bytes.begin(), bytes.end()}});
  }
  const Status written = write_gguf(files.model, Metadata(), tensors);
  EXPECT_TRUE(written.ok()) << written.message();
  files.expect_the_same_file_back();
  return files.pack();
}

const PackedStream* stream_of_type(const PackedModel& packed, const std::string& type, const std::string& part) {
  for (const PackedStream& s : packed.streams)
    if (s.type == type && s.part == part) return &s;
  return nullptr;
}

TEST(Pack, RowsOfIntegersBecomeCodesAndScalesOfF16) {
  const Files files;
  const PackedModel packed = pack_floats(files, {integer_rows("a", 40, 96, 7)});
  const PackedStream *codes = stream_of_type(packed, "F32 of integers to 7", "codes"),
                     *scales = stream_of_type(packed, "F32 of integers to 7", "scales");
  ASSERT_TRUE(codes && scales);
  EXPECT_EQ(codes->radix, 15);
  EXPECT_EQ(codes->weights, 40 * 96);
  EXPECT_EQ(codes->packed_bytes, 40 * 96 / 2);  // two digits a byte
  EXPECT_EQ(scales->packed_bytes, 40 * 2);
}

TEST(Pack, EachTensorOfIntegersHasTheRadixOfItsLargest) {
  const Files files;
  const PackedModel packed =
      pack_floats(files, {integer_rows("a", 40, 96, 7), integer_rows("b", 30, 50, 31), integer_rows("c", 9, 200, 1)});
  for (const auto& [type, radix] : {std::pair("F32 of integers to 7", 15), std::pair("F32 of integers to 31", 63),
                                    std::pair("F32 of integers to 1", 3)}) {
    ASSERT_TRUE(stream_of_type(packed, type, "codes")) << type;
    EXPECT_EQ(stream_of_type(packed, type, "codes")->radix, radix);
  }
}

TEST(Pack, IntegersMayHaveAScaleForEachGroupOfColumns) {
  Floats t = {"a", {30, 192}, {}};  // a row is a group of 128 and one of 64
  for (int64_t i = 0; i < 30 * 192; ++i) {
    const int64_t col = i % 192;
    const float scale =
        f16_to_f32(f32_to_f16(0.01f + 0.001f * static_cast<float>(i / 192) + (col < 128 ? 0.0f : 0.7f)));
    const auto q = col % 128 == 0 ? 7 : static_cast<int>(i * i * 7 % 15) - 7;
    t.values.push_back(scale * static_cast<float>(q));
  }
  const Files files;
  const PackedModel packed = pack_floats(files, {t});
  const PackedStream *codes = stream_of_type(packed, "F32 of integers to 7 in groups of 128", "codes"),
                     *scales = stream_of_type(packed, "F32 of integers to 7 in groups of 128", "scales");
  ASSERT_TRUE(codes && scales);
  EXPECT_EQ(codes->radix, 15);
  EXPECT_EQ(scales->packed_bytes, 30 * 2 * 2);
}

TEST(Pack, OneRowThatIsNoIntegersKeepsTheTensorAsItIs) {
  for (const float other : {0.1f / 3.0f, -0.0f, 1e-8f}) {
    const Files files;
    Floats t = integer_rows("a", 40, 96, 7);
    t.values[37 * 96 + 5] = other;
    const PackedModel packed = pack_floats(files, {t});
    EXPECT_TRUE(stream_of_type(packed, "F32", "values")) << other;
  }
  const Files files;
  Floats t = integer_rows("a", 40, 96, 7);
  for (float& v : t.values) v *= 1.0001f;  // under scales that F16 does not have
  EXPECT_TRUE(stream_of_type(pack_floats(files, {t}), "F32", "values"));
}

TEST(Pack, RowsOfZerosAreIntegersToo) {
  const Files files;
  Floats t = integer_rows("a", 40, 96, 7);
  std::fill_n(t.values.begin() + 96, 2 * 96, 0.0f);
  EXPECT_TRUE(stream_of_type(pack_floats(files, {t}), "F32 of integers to 7", "codes"));
}

TEST(Pack, FloatsThatAreF16OrBf16TakeTwoBytes) {
  Floats f16 = {"f16", {20, 100}, {}}, bf16 = {"bf16", {20, 100}, {}};
  for (int i = 0; i < 2000; ++i) {
    const auto x = static_cast<float>(std::sin(i) * 3.0);
    f16.values.push_back(f16_to_f32(f32_to_f16(x)));
    bf16.values.push_back(bf16_to_f32(f32_to_bf16(x * 1e20f)));
  }
  const Files files;
  const PackedModel packed = pack_floats(files, {f16, bf16});
  for (const char* type : {"F32 of F16", "F32 of BF16"}) {
    ASSERT_TRUE(stream_of_type(packed, type, "values")) << type;
    EXPECT_EQ(stream_of_type(packed, type, "values")->packed_bytes, 4000) << type;
    EXPECT_EQ(stream_of_type(packed, type, "values")->raw_bytes, 8000) << type;
  }
}

TEST(Pack, FloatsThatAreNotFiniteComeBack) {
  Floats t = {"a", {20, 100}, std::vector<float>(2000, std::numeric_limits<float>::infinity())};
  t.values[7] = std::bit_cast<float>(0x7fa00001u);  // a signalling NaN with a payload
  t.values[1999] = -std::numeric_limits<float>::denorm_min();
  pack_floats(Files(), {t});
}

TEST(Pack, TensorsAreCountedByWhatTheyAreFor) {
  const Files files;
  write_random_model(files.model, {.architecture = "qwen3moe", .vocab_size = 100, .n_experts = 4}, StorageType::tq2_0);
  const PackedModel packed = files.pack();
  ASSERT_TRUE(stream_of(packed, "experts", "codes"));
  EXPECT_EQ(stream_of(packed, "experts", "codes")->weights, 2 * 3 * 4 * 256 * 256);
  ASSERT_TRUE(stream_of(packed, "embedding", "values"));
  EXPECT_EQ(stream_of(packed, "embedding", "values")->weights, 100 * 256);
  EXPECT_EQ(stream_of(packed, "router", "values")->weights, 2 * 4 * 256);
  EXPECT_TRUE(stream_of(packed, "norms", "values") && stream_of(packed, "head", "codes"));
  EXPECT_TRUE(stream_of(packed, "metadata", "header"));
}

// Uniform trits: log2(3) = 1.585 bits each, of which a Huffman code of several trits a byte loses less than 1 %.
TEST(Pack, TritsTakeLittleMoreThanTheirEntropy) {
  const Files files;
  write_random_model(files.model, {.architecture = "llama"}, StorageType::tq2_0);
  const PackedModel packed = files.pack(22);
  const PackedStream& codes = *stream_of(packed, "feed-forward", "codes");
  EXPECT_NEAR(8 * codes.entropy_bytes / static_cast<double>(codes.weights), 1.585, 0.01);
  EXPECT_LT(static_cast<double>(codes.bytes), 1.01 * codes.entropy_bytes);
  EXPECT_GT(static_cast<double>(codes.bytes), 0.99 * codes.entropy_bytes);
}

TEST(Pack, BitsWithoutAMeaningComeBackToo) {
  const Files files;
  write_random_model(files.model, {.architecture = "llama"}, StorageType::tq1_0);
  std::string bytes = bytes_of_file(files.model);
  // No trits are written as a byte of 1: 0 is five digits of 0, and 2 the next.
  for (size_t i = bytes.size() / 2; i < bytes.size() / 2 + 2000; ++i) bytes[i] = 1;
  write_bytes(files.model, bytes + "and more behind the last tensor");
  files.expect_the_same_file_back();
  const PackedModel packed = files.pack();
  EXPECT_TRUE(std::ranges::any_of(packed.streams,
                                  [](const PackedStream& s) { return s.type == "TQ1_0" && s.part == "values"; }));
}

TEST(Pack, ATensorLargerThanASectionIsCutIntoSeveral) {
  const Files files;
  const std::vector<int64_t> shape = {300, 65536};  // 19.7 M codes
  std::vector<std::byte> bytes(*storage_bytes(StorageType::tq2_0, shape));
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::byte{static_cast<uint8_t>(0x24 + (i * i >> 7) % 3)};
  const std::vector<int64_t> one_row = {5 << 20};  // 20 MiB of f32
  std::vector<std::byte> floats(*storage_bytes(StorageType::f32, one_row), std::byte{0x3f});
  ASSERT_TRUE(write_gguf(files.model, Metadata(),
                         {{.name = "a", .type = StorageType::tq2_0, .shape = shape, .bytes = bytes},
                          {.name = "b", .type = StorageType::f32, .shape = one_row, .bytes = floats}})
                  .ok());
  files.expect_the_same_file_back();
  int sections = 0;
  for (const PackedStream& s : files.pack(1).streams) sections += s.part == "codes" || s.part == "values";
  EXPECT_EQ(sections, 4);
}

TEST(Pack, FilesWithoutTensorsComeBack) {
  const Files files;
  Metadata metadata;
  metadata.set("general.name", std::string("nothing"));
  ASSERT_TRUE(write_gguf(files.model, metadata, {}).ok());
  files.expect_the_same_file_back();
}

TEST(Pack, WhatIsOverTheLimitIsNotWritten) {
  const Files files;
  write_random_model(files.model, {.architecture = "llama"}, StorageType::tq2_0);
  const uint64_t bytes = files.pack().artifact_bytes;
  ASSERT_TRUE(write_file(files.artifact, "old").ok());
  auto packed =
      pack_model(files.model, {.output = files.artifact, .level = kFast, .limit = bytes + 99, .code_bytes = 100});
  ASSERT_TRUE(packed.ok()) << packed.message();
  EXPECT_FALSE(packed->fits);
  EXPECT_EQ(packed->total_bytes(), bytes + 100);
  EXPECT_EQ(bytes_of_file(files.artifact), "old");
  packed = pack_model(files.model, {.output = files.artifact, .level = kFast, .limit = bytes + 100, .code_bytes = 100});
  ASSERT_TRUE(packed.ok()) << packed.message();
  EXPECT_TRUE(packed->fits);
  EXPECT_EQ(std::filesystem::file_size(files.artifact), bytes);
}

TEST(Pack, IsRefusedWhatItCannotPack) {
  const Files files;
  const Status folder = pack_model(files.folder.path().string(), {.output = files.artifact}).status();
  EXPECT_NE(folder.message().find("tritium convert"), std::string::npos) << folder.message();
  ASSERT_TRUE(write_file(files.model, "no model").ok());
  EXPECT_EQ(pack_model(files.model, {.output = files.artifact}).code(), StatusCode::corrupt_file);
  write_random_model(files.model, {.architecture = "llama"}, StorageType::tq2_0);
  EXPECT_EQ(pack_model(files.model, {.output = files.model}).code(), StatusCode::invalid_argument);
  EXPECT_EQ(pack_model(files.model, {.output = files.artifact, .level = 23}).code(), StatusCode::invalid_argument);
}

TEST(Pack, LeavesNothingBehindWhenItIsCancelled) {
  const Files files;
  write_random_model(files.model, {.architecture = "llama"}, StorageType::tq2_0);
  files.pack();
  const auto before = names_in(files.folder.path().string());
  for (int asked = 0; asked < 6; ++asked) {
    int n = 0;
    const std::function<bool()> until = [&] { return n++ < asked; };
    const auto packed = pack_model(files.model, {.output = files.artifact, .keep_going = until});
    EXPECT_EQ(packed.code(), StatusCode::cancelled) << asked;
    EXPECT_EQ(*names_in(files.folder.path().string()), *before);
  }
  const auto unpacked = unpack_model(files.artifact, {.output = files.back, .progress = [](double) { return false; }});
  EXPECT_EQ(unpacked.code(), StatusCode::cancelled);
  EXPECT_EQ(*names_in(files.folder.path().string()), *before);
}

TEST(Pack, RealModelsComeBackWithTheSameLogits) {
  const auto folder = shared_file("models");
  if (!folder) GTEST_SKIP() << kNoSharedMaterial;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    SCOPED_TRACE(entry.path().filename());
    const Files files;
    std::filesystem::copy_file(entry.path(), files.model);
    files.expect_the_same_file_back();
    const auto difference = diff_models(files.model, files.back);
    ASSERT_TRUE(difference.ok()) << difference.message();
    EXPECT_TRUE(difference->same());
    const auto before = logits_of(files.model, "cpu", {1, 5, 9}, Activations::int8);
    const auto after = logits_of(files.back, "cpu", {1, 5, 9}, Activations::int8);
    ASSERT_TRUE(before.ok() && after.ok()) << before.message() << after.message();
    EXPECT_EQ(*before, *after);
  }
}

}  // namespace
}  // namespace tritium
