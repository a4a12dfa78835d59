#include <gtest/gtest.h>

#include <limits>

#include "format/codec.h"
#include "tests/format/gguf_bytes.h"
#include "tests/format/random_trits.h"

namespace tritium {
namespace {

Metadata every_kind() {
  Metadata m;
  m.set("bool", true);
  m.set("zero", int64_t{0});
  m.set("largest u32", int64_t{std::numeric_limits<uint32_t>::max()});
  m.set("above u32", int64_t{std::numeric_limits<uint32_t>::max()} + 1);
  m.set("least i32", int64_t{std::numeric_limits<int32_t>::min()});
  m.set("below i32", int64_t{std::numeric_limits<int32_t>::min()} - 1);
  m.set("largest u64", std::numeric_limits<uint64_t>::max());
  m.set("real", double{0.1f});
  m.set("text", std::string("\0 \xE2\x96\x81", 5));
  m.set("booleans", std::vector<bool>{true, false, true});
  m.set("integers", std::vector<int64_t>{-1, 0, std::numeric_limits<int32_t>::max()});
  m.set("wide integers", std::vector<int64_t>{std::numeric_limits<int64_t>::min()});
  m.set("reals", std::vector<double>{double{0.1f}, -0.0, 1e30f});
  m.set("texts", std::vector<std::string>{"", "a", std::string(1000, 'x')});
  m.set("no integers", std::vector<int64_t>{});
  return m;
}

// A matrix as a tensor for the writer.
GgufTensor ternary_tensor(const std::string& name, StorageType type, uint64_t seed) {
  const TernaryMatrix m = random_trits(1, 5, 256, ScaleGranularity::tensor, seed);
  return {.name = name, .type = type, .shape = {5, 256}, .bytes = *encode_ternary(m, type)};
}

TEST(GgufWriter, MetadataComesBackWithItsValues) {
  const TemporaryFolder folder;
  const Status status = write_gguf(folder.file("m.gguf"), every_kind(), {});
  ASSERT_TRUE(status.ok()) << status.message();
  const auto file = open_gguf(folder.file("m.gguf"), {});
  ASSERT_TRUE(file.ok()) << file.message();
  EXPECT_EQ((*file)->metadata().values(), every_kind().values());
}

TEST(GgufWriter, TensorsOfEveryTypeComeBackInTheirOrder) {
  const TemporaryFolder folder;
  std::vector<GgufTensor> tensors{ternary_tensor("z", StorageType::tq1_0, 1),
                                  ternary_tensor("y", StorageType::tq2_0, 2),
                                  ternary_tensor("x", StorageType::i2_s, 3)};
  tensors.push_back({.name = "norm", .type = StorageType::f32, .shape = {3}, .bytes = std::vector<std::byte>(12)});
  ASSERT_TRUE(write_gguf(folder.file("m.gguf"), {}, tensors).ok());
  const auto file = open_gguf(folder.file("m.gguf"), {});
  ASSERT_TRUE(file.ok()) << file.message();
  for (size_t i = 0; i < tensors.size(); ++i) {
    const TensorInfo& info = (*file)->tensors()[i];
    EXPECT_EQ(info.name, tensors[i].name);
    EXPECT_EQ(info.shape, tensors[i].shape);
    EXPECT_EQ(info.type, traits_of(tensors[i].type).name);
    if (!info.ternary) continue;
    EXPECT_TRUE(
        same_trits(*(*file)->load_ternary(info.name), random_trits(1, 5, 256, ScaleGranularity::tensor, i + 1)));
  }
}

TEST(GgufWriter, AnAlignmentInTheMetadataIsReplacedByTheOneWritten) {
  const TemporaryFolder folder;
  Metadata m;
  m.set("general.alignment", int64_t{4096});
  ASSERT_TRUE(write_gguf(folder.file("m.gguf"), m, {ternary_tensor("w", StorageType::tq2_0, 1)}).ok());
  const auto file = open_gguf(folder.file("m.gguf"), {});
  ASSERT_TRUE(file.ok()) << file.message();
  EXPECT_FALSE((*file)->metadata().contains("general.alignment"));
}

TEST(GgufWriter, RefusesATensorThatDoesNotFillItsShape) {
  const TemporaryFolder folder;
  GgufTensor w = ternary_tensor("w", StorageType::tq2_0, 1);
  w.bytes.pop_back();
  const Status status = write_gguf(folder.file("m.gguf"), {}, {w});
  EXPECT_EQ(status.code(), StatusCode::invalid_argument);
  EXPECT_EQ(status.message(), folder.file("m.gguf") + ": w: 330 bytes expected, 329 given");
  EXPECT_FALSE(std::filesystem::exists(folder.file("m.gguf")));
}

TEST(GgufWriter, RefusesWhatItsOwnReaderWould) {
  const TemporaryFolder folder;
  const auto message = [&](std::vector<GgufTensor> tensors) {
    return write_gguf(folder.file("m"), {}, tensors).message().substr(folder.file("m").size() + 2);
  };
  const GgufTensor w = ternary_tensor("w", StorageType::tq2_0, 1);
  EXPECT_EQ(message({w, w}), "tensor w is given twice");
  EXPECT_EQ(message({{.name = "w", .type = StorageType::f32, .shape = {}, .bytes = {}}}), "w: rank 0, must be 1 to 4");
  EXPECT_EQ(message({{.name = "w", .type = StorageType::f32, .shape = {0}, .bytes = {}}}),
            "w: dimension 0, must be at least 1");
  EXPECT_EQ(message({{.name = "w", .type = StorageType::tq2_0, .shape = {100}, .bytes = {}}}),
            "w: rows of 100 are not a multiple of 256, which TQ2_0 needs");
}

TEST(GgufWriter, TheSizeIsKnownBeforeTheBytes) {
  const TemporaryFolder folder;
  std::vector<GgufTensor> tensors = {ternary_tensor("a", StorageType::tq1_0, 1),
                                     ternary_tensor("b", StorageType::tq2_0, 2)};
  ASSERT_TRUE(write_gguf(folder.file("m.gguf"), every_kind(), tensors).ok());
  for (GgufTensor& t : tensors) t.bytes.clear();
  EXPECT_EQ(*gguf_bytes(every_kind(), tensors), std::filesystem::file_size(folder.file("m.gguf")));
}

TEST(GgufWriter, AFullDiskIsReported) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "needs /dev/full";
  const Status status = write_gguf("/dev/full", {}, {ternary_tensor("w", StorageType::tq2_0, 1)});
  EXPECT_EQ(status.code(), StatusCode::io_error);
  EXPECT_EQ(status.message(), "/dev/full: cannot write: No space left on device");
}

}  // namespace
}  // namespace tritium
