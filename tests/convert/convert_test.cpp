// Folders as GGUF files: the same values, and the same logits.
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <map>

#include "base/folder.h"
#include "format/storage_type.h"
#include "model_files/open_model.h"
#include "tests/model_files/folder_of_model.h"
#include "tests/support/temporary_folder.h"
#include "tritium/convert.hpp"

namespace tritium {
namespace {

// A folder of a random model with rows of 256, and one scale a row, or a matrix.
struct Folder {
  TemporaryFolder folder;
  std::string output = folder.file("out.gguf");
  RandomModelOptions options;

  explicit Folder(const std::string& architecture, const FolderStyle& style, int64_t n_experts = 0, float scale = 0) {
    options = {.architecture = architecture, .dim = 256, .n_layers = 1, .ffn_dim = 256, .n_experts = n_experts};
    MemoryTensorMap map = random_model(options);
    const std::vector<TensorInfo> infos = map.tensors();
    for (const TensorInfo& info : infos) {
      if (!info.ternary) continue;
      TernaryMatrix m = *map.load_ternary(info.name);
      float step = 0;
      for (float& s : m.scales()) s = scale != 0 ? scale : 0.0625f + (step += 0x1p-12f);
      map.add(info.name, info.shape, m.with_coarsest_scales());
    }
    FolderWriter writer;
    add_tensors(map, options, style, writer);
    writer.write(folder.path(), config_of(options, style));
  }
  std::string path() const { return folder.path().string(); }
};

const std::string kBitnet = ",\"quantization_config\":{\"quant_method\":\"bitnet\"}";

// Differences of values; those of types and keys are meant.
std::string changed_values(const std::string& a, const std::string& b) {
  const auto difference = diff_models(a, b);
  if (!difference.ok()) return difference.message();
  std::string names;
  for (const TensorDifference& t : difference->tensors)
    if (t.kind != "type") names += t.name + " " + t.kind + " ";
  return names;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::map<std::string, std::string> types_of(const WrittenModel& written) {
  std::map<std::string, std::string> types;
  for (const WrittenTensor& t : written.tensors) types[t.name] = t.type;
  return types;
}

TEST(Convert, KeepsAllValuesInTheSmallestType) {
  const Folder folder("qwen3moe", {.model_class = "Qwen3MoeForCausalLM"}, 3);
  const auto written = convert_model(folder.path(), {.output = folder.output});
  ASSERT_TRUE(written.ok()) << written.message();
  EXPECT_EQ(changed_values(folder.path(), folder.output), "");
  auto types = types_of(*written);
  EXPECT_EQ(types["blk.0.ffn_up_exps.weight"], "TQ1_0");
  EXPECT_EQ(types["blk.0.ffn_gate_inp.weight"], "F32");
  EXPECT_EQ(types["blk.0.attn_norm.weight"], "F32");
  EXPECT_EQ(written->bytes, std::filesystem::file_size(folder.output));
}

TEST(Convert, WritesEachTypeThatHoldsTheTensors) {
  const Folder folder("llama", {.model_class = "LlamaForCausalLM", .packed = true, .more_config = kBitnet}, 0, 0.125f);
  for (const char* type : {"tq1_0", "TQ2_0", "q2_0", "pq2_0", "ptq1_0", "i2_s"}) {
    const auto written = convert_model(folder.path(), {.output = folder.output, .type = type});
    ASSERT_TRUE(written.ok()) << written.message();
    EXPECT_EQ(changed_values(folder.path(), folder.output), "") << type;
    EXPECT_EQ(storage_type_of_name(types_of(*written)["blk.0.attn_q.weight"]), storage_type_of_name(upper(type)));
  }
}

TEST(Convert, ATypeThatCannotHoldATensorIsReplacedAndSaidSo) {
  const Folder folder("qwen3", {.model_class = "Qwen3ForCausalLM"});
  const auto written = convert_model(folder.path(), {.output = folder.output, .type = "i2_s"});
  ASSERT_TRUE(written.ok()) << written.message();
  EXPECT_EQ(changed_values(folder.path(), folder.output), "");
  for (const WrittenTensor& t : written->tensors)
    if (t.name == "blk.0.ffn_up.weight") {
      EXPECT_EQ(t.type, "TQ1_0");
      EXPECT_EQ(t.note, "I2_S has one scale for a tensor, this one has several");
    }
}

TEST(Convert, ScalesThatF16CannotHoldAreRoundedAndMeasuredWhereATypeIsAskedFor) {
  const Folder folder("llama", {.model_class = "LlamaForCausalLM", .packed = true, .more_config = kBitnet}, 0, 0.1f);
  auto written = convert_model(folder.path(), {.output = folder.output});
  ASSERT_TRUE(written.ok()) << written.message();
  EXPECT_EQ(types_of(*written)["blk.0.attn_q.weight"], "I2_S");
  EXPECT_EQ(changed_values(folder.path(), folder.output), "");
  written = convert_model(folder.path(), {.output = folder.output, .type = "tq2_0"});
  ASSERT_TRUE(written.ok()) << written.message();
  for (const WrittenTensor& t : written->tensors)
    if (t.name == "blk.0.attn_q.weight") {
      EXPECT_GT(t.relative_error, 0);
      EXPECT_LT(t.relative_error, 0x1p-11);
      EXPECT_EQ(t.note, "its scales are rounded to F16");
    }
}

TEST(Convert, LeavesNothingBehindWhenItIsCancelled) {
  const Folder folder("qwen3", {.model_class = "Qwen3ForCausalLM"});
  const auto before = names_in(folder.path());
  for (const double stop : {0.1, 0.7}) {
    const auto written =
        convert_model(folder.path(), {.output = folder.output, .progress = [&](double f) { return f < stop; }});
    EXPECT_EQ(written.code(), StatusCode::cancelled);
    EXPECT_EQ(*names_in(folder.path()), *before);
  }
}

TEST(Convert, RefusesWhatMakesNoSense) {
  const Folder folder("qwen3", {.model_class = "Qwen3ForCausalLM"});
  const auto refused = [&](const std::string& input, const ConvertOptions& options, const std::string& part) {
    const auto written = convert_model(input, options);
    EXPECT_EQ(written.code(), StatusCode::invalid_argument) << part;
    EXPECT_NE(written.message().find(part), std::string::npos) << written.message();
  };
  refused(folder.path(), {.output = folder.output, .type = "q8_0"}, "type q8_0 is not ternary");
  refused(folder.path(), {.output = folder.output, .type = "q9"}, "type \"q9\" is not known; there are F32");
  refused(folder.path(), {.output = folder.path() + "/config.json"}, "config.json");
  ASSERT_TRUE(convert_model(folder.path(), {.output = folder.output}).ok());
  refused(folder.output, {.output = folder.folder.file("x.gguf")}, "is no folder; quantize changes");
}

}  // namespace
}  // namespace tritium
