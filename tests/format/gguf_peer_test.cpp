// Files exchanged with an independent writer and reader, and real models.
#include <gtest/gtest.h>

#include <sys/wait.h>

#include <cmath>
#include <cstdlib>

#include "base/input_file.h"
#include "format/codec.h"
#include "format/gguf.h"
#include "tests/support/shared_material.h"
#include "tests/support/temporary_folder.h"

namespace tritium {
namespace {

int trit(int64_t i) { return static_cast<int>((i * i + i / 7 + i / 256) % 3) - 1; }
float scale(int64_t row) { return std::ldexp(0.375f, -static_cast<int>(row % 5)); }

TernaryMatrix peer_matrix(int64_t n, ScaleGranularity granularity) {
  TernaryMatrix m(n, 6, 256, granularity);
  for (int64_t i = 0; i < n * 6 * 256; ++i) m.set_trit(i / 1536, i / 256 % 6, i % 256, trit(i % 3072));
  for (size_t row = 0; row < m.scales().size(); ++row) m.scales()[row] = scale(static_cast<int64_t>(row) % 12);
  if (granularity == ScaleGranularity::tensor) m.scales()[0] = 0.1f;
  return m;
}

// The exit status of gguf_peer.py; 77: it cannot run here.
int peer(const std::string& command, const std::string& file) {
  const auto tools = shared_file("tools");
  if (!tools || !std::filesystem::exists("/usr/bin/python3")) return 77;
  const std::string line =
      "/usr/bin/python3 -B '" TRITIUM_GGUF_PEER "' '" + tools->string() + "' " + command + " '" + file + "'";
  const int status = std::system(line.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(GgufPeer, FilesOfAnotherWriterAreRead) {
  const TemporaryFolder folder;
  const int status = peer("write", folder.file("peer.gguf"));
  if (status == 77) GTEST_SKIP() << kNoSharedMaterial << " and Python with NumPy";
  ASSERT_EQ(status, 0);
  const auto opened = open_gguf(folder.file("peer.gguf"), {});
  ASSERT_TRUE(opened.ok()) << opened.message();
  const TensorMap& file = **opened;

  EXPECT_EQ(file.metadata().integer("peer.layers"), 3);
  EXPECT_EQ(file.metadata().integer("peer.offset"), -4);
  EXPECT_EQ(file.metadata().real("peer.eps"), 0.5);
  EXPECT_EQ(file.metadata().boolean("peer.flag"), true);
  EXPECT_EQ(*file.metadata().texts("peer.names"), (std::vector<std::string>{"a",
                                                                            "\xE2\x96\x81"
                                                                            "b"}));
  EXPECT_EQ(*file.metadata().integers("peer.ids"), (std::vector<int64_t>{1, -2, 3}));

  const std::tuple<const char*, const char*, int64_t, ScaleGranularity> tensors[] = {
      {"tq1", "TQ1_0", 2, ScaleGranularity::row},
      {"tq2", "TQ2_0", 2, ScaleGranularity::row},
      {"i2s", "I2_S", 2, ScaleGranularity::tensor},
      {"q2_64", "Q2_0", 2, ScaleGranularity::row},
      {"q2_128", "Q2_0/128", 8, ScaleGranularity::row}};
  for (const auto& [name, type, n, granularity] : tensors) {
    EXPECT_EQ(file.find(name)->type, type);
    const auto m = file.load_ternary(name);
    ASSERT_TRUE(m.ok()) << m.message();
    EXPECT_EQ(m->granularity(), granularity) << name;
    EXPECT_EQ(m->dequantize(), peer_matrix(n, granularity).dequantize()) << name;
  }
  EXPECT_EQ(*file.load_f32("f32"), (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(*file.load_f32("f16"), (std::vector<float>{0, 0.25f, 0.5f, 0.75f, 1, 1.25f}));
}

TEST(GgufPeer, AnotherReaderReadsOurFilesAndFindsItsOwnBytes) {
  const TemporaryFolder folder;
  Metadata m;
  m.set("a.u32", int64_t{4000000000});
  m.set("a.i32", int64_t{-5});
  m.set("a.u64", uint64_t{1} << 63);
  m.set("a.i64", -(int64_t{1} << 40));
  m.set("a.f32", 0.5);
  m.set("a.bool", true);
  m.set("a.text", std::string("\xE2\x96\x81x"));
  m.set("a.texts", std::vector<std::string>{"x", "", "yz"});
  m.set("a.integers", std::vector<int64_t>{1, -1});
  m.set("a.reals", std::vector<double>{0.5, -2.0});
  m.set("a.wide", std::vector<int64_t>{int64_t{1} << 40});
  std::vector<GgufTensor> tensors;
  const TernaryMatrix rows = peer_matrix(2, ScaleGranularity::row), one = peer_matrix(2, ScaleGranularity::tensor);
  const auto add = [&](const char* name, StorageType type, const TernaryMatrix& matrix) {
    tensors.push_back({.name = name, .type = type, .shape = {2, 6, 256}, .bytes = *encode_ternary(matrix, type)});
  };
  add("tq1", StorageType::tq1_0, rows);
  add("tq2", StorageType::tq2_0, rows);
  add("i2s", StorageType::i2_s, one);
  add("q2_64", StorageType::q2_0, rows);
  add("q2_128", StorageType::q2_0_group128, rows);
  const Status written = write_gguf(folder.file("ours.gguf"), m, tensors);
  ASSERT_TRUE(written.ok()) << written.message();
  const int status = peer("check", folder.file("ours.gguf"));
  if (status == 77) GTEST_SKIP() << kNoSharedMaterial << " and Python with NumPy";
  EXPECT_EQ(status, 0);
}

std::unique_ptr<TensorMap> shared_model(const std::string& name) {
  const auto path = shared_file("models/" + name);
  if (!path) return nullptr;
  auto file = open_gguf(path->string(), {});
  EXPECT_TRUE(file.ok()) << file.message();
  return file.ok() ? *std::move(file) : nullptr;
}

TEST(RealModels, ThreeFormatsHoldTheSameTrits) {
  const auto tq1 = shared_model("tinystories-bitnet-3m.tq1_0.gguf");
  const auto tq2 = shared_model("tinystories-bitnet-3m.tq2_0.gguf");
  const auto i2s = shared_model("tinystories-bitnet-3m.i2_s.gguf");
  if (!tq1 || !tq2 || !i2s) GTEST_SKIP() << kNoSharedMaterial;
  int64_t trits = 0;
  for (const TensorInfo& t : tq2->tensors()) {
    if (!t.ternary) continue;
    const auto a = tq1->load_ternary(t.name), b = tq2->load_ternary(t.name), c = i2s->load_ternary(t.name);
    ASSERT_TRUE(a.ok() && b.ok() && c.ok()) << a.message() << b.message() << c.message();
    EXPECT_TRUE(std::ranges::equal(a->words(), b->words())) << t.name;
    EXPECT_TRUE(std::ranges::equal(a->words(), c->words())) << t.name;
    EXPECT_EQ(a->scales()[0], b->scales()[0]) << t.name;
    EXPECT_NEAR(a->scales()[0], c->scales()[0], 0x1p-11 * c->scales()[0]) << t.name;  // f16 beside f32
    trits += t.elements();
  }
  EXPECT_EQ(trits, 3145728);
}

TEST(RealModels, EncodingWhatWasDecodedGivesTheFilesBytes) {
  for (const char* format : {"tq1_0", "tq2_0", "i2_s"}) {
    const auto model = shared_model(std::string("tinystories-bitnet-3m.") + format + ".gguf");
    if (!model) GTEST_SKIP() << kNoSharedMaterial;
    const TemporaryFolder folder;
    std::vector<GgufTensor> tensors;
    for (const TensorInfo& t : model->tensors()) {
      const StorageType type = *storage_type_of_name(t.type);
      auto bytes = t.ternary ? encode_ternary(*model->load_ternary(t.name), type)
                             : encode_f32(*model->load_f32(t.name), t.shape, type);
      ASSERT_TRUE(bytes.ok()) << bytes.message();
      tensors.push_back({.name = t.name, .type = type, .shape = t.shape, .bytes = *std::move(bytes)});
    }
    ASSERT_TRUE(write_gguf(folder.file("again.gguf"), model->metadata(), tensors).ok());
    // Keys are in another order, but of the same size: the files are equally long, and their data the same.
    const auto again = open_gguf(folder.file("again.gguf"), {});
    ASSERT_TRUE(again.ok()) << again.message();
    EXPECT_EQ((*again)->metadata().values(), model->metadata().values());
    const auto size = std::filesystem::file_size(folder.file("again.gguf"));
    ASSERT_EQ(size, std::filesystem::file_size(model->source()));
    uint64_t data = 0;
    for (const GgufTensor& t : tensors) data += (t.bytes.size() + 31) / 32 * 32;
    const auto tail_of = [&](const std::string& path) {
      const InputFile file = *InputFile::open_regular(path);
      std::vector<std::byte> tail(data);
      EXPECT_TRUE(file.read_at(file.size() - data, tail).ok());
      return tail;
    };
    EXPECT_TRUE(tail_of(folder.file("again.gguf")) == tail_of(model->source())) << format;
  }
}

TEST(RealModels, ADenseModelLoadsWhole) {
  const auto model = shared_model("stories260k.f32.gguf");
  if (!model) GTEST_SKIP() << kNoSharedMaterial;
  for (const TensorInfo& t : model->tensors()) {
    const auto dense = model->load_dense(t.name);
    ASSERT_TRUE(dense.ok()) << dense.message();
    EXPECT_EQ(dense->bytes.size(), t.bytes);
  }
}

TEST(RealModels, RowScalesOfExpertsAreFound) {
  const auto model = shared_model("random-maple.tq2_0.gguf");
  if (!model) GTEST_SKIP() << kNoSharedMaterial;
  const auto experts = model->load_ternary("blk.0.ffn_up_exps.weight");
  ASSERT_TRUE(experts.ok()) << experts.message();
  EXPECT_EQ(experts->n_matrices(), 8);
  EXPECT_EQ(experts->granularity(), ScaleGranularity::row);
}

}  // namespace
}  // namespace tritium
