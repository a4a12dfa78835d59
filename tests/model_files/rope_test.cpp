// Rotations as files ask for them, from a GGUF file and from a folder: cosines and sines against the formulas of
// those who made them, in double precision.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include "format/codec.h"
#include "format/gguf.h"
#include "model/checked_model.h"
#include "model/rope_table.h"
#include "model_files/open_model.h"
#include "tests/model_files/folder_of_model.h"
#include "tests/support/random_model.h"
#include "tests/support/temporary_folder.h"

namespace tritium {
namespace {

constexpr int kHeadDim = 32;
constexpr double kBase = 10000.0;

struct Scaling {
  std::string name;
  std::vector<std::pair<std::string, MetadataValue>> keys;  // of a GGUF file, without the architecture
  std::string config;                                       // of a folder
  std::function<double(int)> frequency;                     // of pair i
  double magnitude = 1.0;                                   // of cosines and sines
  int rotated = kHeadDim;
  std::vector<float> factors = {};  // rope_freqs.weight of a GGUF file
};

double plain(int i, double base = kBase, int n = kHeadDim) { return std::pow(base, -2.0 * i / n); }

// Llama 3.1: by the length of the wave.
double llama3(int i) {
  constexpr double kFactor = 8, kLow = 1, kHigh = 4, kContext = 512;
  const double inverse = plain(i), wave = 2 * std::numbers::pi / inverse;
  if (wave > kContext / kLow) return inverse / kFactor;
  if (wave < kContext / kHigh) return inverse;
  const double smooth = (kContext / wave - kLow) / (kHigh - kLow);
  return inverse * ((1 - smooth) / kFactor + smooth);
}

// Peng et al. 2023: between pairs `low` and `high` frequencies go over from kept to divided.
double yarn(int i, double fast, double slow) {
  constexpr double kFactor = 4, kContext = 1024;
  const auto pair_that_turns = [](double times) {
    return kHeadDim * std::log(kContext / (2 * std::numbers::pi * times)) / (2 * std::log(kBase));
  };
  const double low = std::max(std::floor(pair_that_turns(fast)), 0.0);
  const double high = std::min(std::ceil(pair_that_turns(slow)), kHeadDim - 1.0);
  const double ramp = std::min(1.0, std::max(0.0, (i - low) / std::max(high - low, 0.001)));
  return plain(i) * (1 - ramp) + plain(i) / kFactor * ramp;
}

std::vector<Scaling> scalings() {
  const std::string kYarn = "\"rope_type\":\"yarn\",\"factor\":4.0,\"original_max_position_embeddings\":1024";
  const std::vector<std::pair<std::string, MetadataValue>> yarn_keys = {
      {"scaling.type", std::string("yarn")},
      {"scaling.factor", 4.0},
      {"scaling.original_context_length", int64_t{1024}}};
  const double usual = 0.1 * std::log(4.0) + 1;
  std::vector<Scaling> all = {
      {"plain", {}, "", [](int i) { return plain(i); }},
      {"base", {{"freq_base", 1e6}}, ",\"rope_parameters\":{\"rope_theta\":1e6}", [](int i) { return plain(i, 1e6); }},
      {"linear",
       {{"scaling.type", std::string("linear")}, {"scaling.factor", 4.0}},
       ",\"rope_scaling\":{\"type\":\"linear\",\"factor\":4.0}",
       [](int i) { return plain(i) / 4; }},
      {"linear of an older file", {{"scale_linear", 8.0}}, "", [](int i) { return plain(i) / 8; }},
      // Files keep the base that alpha makes.
      {"dynamic with alpha",
       {{"freq_base", kBase * std::pow(1000.0, 32.0 / 30.0)}, {"scaling.type", std::string("none")}},
       ",\"rope_scaling\":{\"type\":\"dynamic\",\"alpha\":1000.0,\"factor\":1.0}",
       [](int i) { return plain(i, kBase * std::pow(1000.0, 32.0 / 30.0)); }},
      // Without it frequencies change only beyond the context.
      {"dynamic", {}, ",\"rope_scaling\":{\"rope_type\":\"dynamic\",\"factor\":4.0}", [](int i) { return plain(i); }},
      {.name = "partial",
       .keys = {{"dimension_count", int64_t{16}}},
       .config = ",\"partial_rotary_factor\":0.5",
       .frequency = [](int i) { return plain(i, kBase, 16); },
       .rotated = 16},
      {"llama3",
       {},
       ",\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":8.0,\"low_freq_factor\":1.0,"
       "\"high_freq_factor\":4.0,\"original_max_position_embeddings\":512}",
       llama3},
      {"yarn", yarn_keys, ",\"rope_scaling\":{" + kYarn + "}", [](int i) { return yarn(i, 32, 1); }, usual},
      {"yarn with its own bounds",
       {{"scaling.yarn_beta_fast", 16.0}, {"scaling.yarn_beta_slow", 2.0}},
       ",\"rope_parameters\":{" + kYarn + ",\"beta_fast\":16.0,\"beta_slow\":2.0}",
       [](int i) { return yarn(i, 16, 2); },
       usual},
      {"yarn with its own magnitude",
       {{"scaling.attn_factor", 0.75 / usual}},
       ",\"rope_scaling\":{" + kYarn + ",\"attention_factor\":0.75}",
       [](int i) { return yarn(i, 32, 1); },
       0.75},
      {"yarn with the magnitude of scores",
       {{"scaling.yarn_attn_factor", (0.1 * 0.5 * std::log(4.0) + 1) / (0.1 * 0.8 * std::log(4.0) + 1) / usual}},
       ",\"rope_scaling\":{" + kYarn + ",\"mscale\":0.5,\"mscale_all_dim\":0.8}",
       [](int i) { return yarn(i, 32, 1); },
       (0.1 * 0.5 * std::log(4.0) + 1) / (0.1 * 0.8 * std::log(4.0) + 1)},
  };
  for (Scaling& s : all) {
    if (s.name.starts_with("yarn ")) s.keys.insert(s.keys.begin(), yarn_keys.begin(), yarn_keys.end());
    for (int i = 0; s.name == "llama3" && i < kHeadDim / 2; ++i)
      s.factors.push_back(static_cast<float>(plain(i) / llama3(i)));
  }
  return all;
}

const RandomModelOptions kOptions = {.architecture = "qwen3",
                                     .n_layers = 1,
                                     .head_dim = kHeadDim,
                                     .rope_dims = kHeadDim,
                                     .context_length = 2048,
                                     .ternary = false};

void write_file(const std::string& path, const Scaling& s) {
  MemoryTensorMap map = random_model(kOptions);
  for (const auto& [key, value] : s.keys) map.mutable_metadata().set("qwen3.rope." + key, value);
  if (!s.factors.empty()) map.add("rope_freqs.weight", {kHeadDim / 2}, s.factors);
  std::vector<GgufTensor> tensors;
  for (const TensorInfo& info : map.tensors())
    tensors.push_back({.name = info.name,
                       .shape = info.shape,
                       .bytes = *encode_f32(*map.load_f32(info.name), info.shape, StorageType::f32)});
  ASSERT_TRUE(write_gguf(path, map.metadata(), tensors).ok());
}

void write_folder(const std::filesystem::path& path, const Scaling& s) {
  const FolderStyle style = {.model_class = "Qwen3ForCausalLM", .more_config = s.config};
  FolderWriter writer;
  add_tensors(random_model(kOptions), kOptions, style, writer);
  std::filesystem::create_directory(path);
  writer.write(path, config_of(kOptions, style));
}

void expect_rotation(const std::string& path, const Scaling& s) {
  const auto opened = open_model(path);
  ASSERT_TRUE(opened.ok()) << opened.message();
  const auto checked = CheckedModel::check(*opened->tensors);
  ASSERT_TRUE(checked.ok()) << checked.message();
  std::vector<float> factors;
  if (opened->tensors->find(kRopeFactors)) factors = *opened->tensors->load_f32(kRopeFactors);
  for (const int position : {1, 37, 2000}) {
    const std::vector<float> table = rope_table(checked->config(), factors, position, 1);
    ASSERT_EQ(table.size(), static_cast<size_t>(s.rotated));
    for (int i = 0; i < s.rotated / 2; ++i) {
      const double angle = position * s.frequency(i);
      // Files hold factors and bases as f32: a relative error of 2^-24 of the angle.
      const double bound = 1e-6 + angle * 0x1p-22;
      EXPECT_NEAR(table[static_cast<size_t>(2 * i)], s.magnitude * std::cos(angle), bound) << position << " " << i;
      EXPECT_NEAR(table[static_cast<size_t>(2 * i + 1)], s.magnitude * std::sin(angle), bound) << position << " " << i;
    }
  }
}

TEST(Rope, OfAGgufFileFollowsTheFormula) {
  for (const Scaling& s : scalings()) {
    SCOPED_TRACE(s.name);
    const TemporaryFolder folder;
    write_file(folder.file("m.gguf"), s);
    expect_rotation(folder.file("m.gguf"), s);
  }
}

TEST(Rope, OfAFolderFollowsTheFormula) {
  for (const Scaling& s : scalings()) {
    if (s.name == "linear of an older file") continue;  // which a folder cannot be
    SCOPED_TRACE(s.name);
    const TemporaryFolder folder;
    write_folder(folder.path() / "hf", s);
    expect_rotation(folder.file("hf"), s);
  }
}

}  // namespace
}  // namespace tritium
