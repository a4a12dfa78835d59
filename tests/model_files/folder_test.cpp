// Folders made of models, and opened again: the same tensors, whatever way they are packed.
#include <gtest/gtest.h>

#include <cmath>

#include "base/input_file.h"
#include "model/checked_model.h"
#include "model_files/open_model.h"
#include "tensor/half.h"
#include "tests/model_files/folder_of_model.h"
#include "tests/support/temporary_folder.h"

namespace tritium {
namespace {

// With values that BF16 holds.
MemoryTensorMap short_model(const RandomModelOptions& options, ScaleGranularity scales = ScaleGranularity::row) {
  MemoryTensorMap map = random_model(options);
  const std::vector<TensorInfo> infos = map.tensors();
  for (const TensorInfo& info : infos) {
    if (info.ternary) {
      TernaryMatrix m = *map.load_ternary(info.name);
      for (float& s : m.scales()) s = scales == ScaleGranularity::tensor ? 0.125f : bf16_to_f32(f32_to_bf16(s));
      map.add(info.name, info.shape, m.with_coarsest_scales());
    } else {
      std::vector<float> values = *map.load_f32(info.name);
      for (float& v : values) v = bf16_to_f32(f32_to_bf16(v));
      map.add(info.name, info.shape, values);
    }
  }
  return map;
}

struct Case {
  RandomModelOptions options;
  FolderStyle style;
};

const std::string kBitnet = ",\"quantization_config\":{\"quant_method\":\"bitnet\"}";

std::vector<Case> cases() {
  return {
      {{.architecture = "llama"}, {.model_class = "LlamaForCausalLM"}},
      {{.architecture = "llama", .ternary = false}, {.model_class = "LlamaForCausalLM", .type = "BF16"}},
      {{.architecture = "llama"}, {.model_class = "LlamaForCausalLM", .packed = true, .more_config = kBitnet}},
      {{.architecture = "llama", .n_experts = 5}, {.model_class = "MixtralForCausalLM", .type = "BF16"}},
      {{.architecture = "bitnet", .tied_head = true},
       {.model_class = "BitNetForCausalLM", .packed = true, .more_config = kBitnet}},
      {{.architecture = "qwen3"}, {.model_class = "Qwen3ForCausalLM", .type = "BF16"}},
      {{.architecture = "qwen3", .ternary = false, .tied_head = true}, {.model_class = "Qwen3ForCausalLM"}},
      {{.architecture = "qwen3", .tied_head = true, .input_norms = true},
       {.model_class = "Qwen3Model", .type = "BF16"}},
      {{.architecture = "qwen3moe", .n_experts = 7},
       {.model_class = "Qwen3MoeForCausalLM", .more_config = ",\"norm_topk_prob\":true"}},
      {{.architecture = "qwen3moe", .n_experts = 4},
       {.model_class = "Qwen3MoeForCausalLM",
        .type = "BF16",
        .experts = ExpertStyle::fused,
        .more_config = ",\"norm_topk_prob\":true"}},
      {{.architecture = "olmoe", .n_experts = 4}, {.model_class = "OlmoeForCausalLM"}},
      {{.architecture = "maple", .n_layers = 4, .rope_dims = 8, .n_experts = 256},
       {.model_class = "MapleForCausalLM", .type = "BF16"}},
      {{.architecture = "maple", .rope_dims = 8, .n_experts = 4},
       {.model_class = "MapleForCausalLM", .experts = ExpertStyle::stacked}},
      {{.architecture = "hunyuan-dense"}, {.model_class = "HunYuanDenseV1ForCausalLM", .type = "BF16"}},
  };
}

void expect_same_model(const TensorMap& expected, const TensorMap& found, const std::string& what) {
  const auto a = CheckedModel::check(expected), b = CheckedModel::check(found);
  ASSERT_TRUE(a.ok() && b.ok()) << what << a.message() << b.message();
  const Config &x = a->config(), &y = b->config();
  EXPECT_EQ(x.rope_dims, y.rope_dims) << what;
  EXPECT_EQ(x.rms_eps, y.rms_eps) << what;
  EXPECT_EQ(x.renormalize_experts, y.renormalize_experts) << what;
  for (size_t i = 0; i < x.layers.size(); ++i) {
    EXPECT_EQ(x.layers[i].window, y.layers[i].window) << what;
    EXPECT_EQ(x.layers[i].rope, y.layers[i].rope) << what;
  }
  for (const TensorInfo& info : expected.tensors()) {
    const TensorInfo* other = found.find(info.name);
    ASSERT_NE(other, nullptr) << what << info.name;
    EXPECT_EQ(other->shape, info.shape) << what << info.name;
    EXPECT_EQ(other->ternary, info.ternary) << what << info.name;
    const auto values = found.load_f32(info.name);
    ASSERT_TRUE(values.ok()) << what << values.message();
    EXPECT_TRUE(*values == *expected.load_f32(info.name)) << what << info.name;
    if (!info.ternary) continue;
    const auto matrix = found.load_ternary(info.name);
    ASSERT_TRUE(matrix.ok()) << what << matrix.message();
    EXPECT_TRUE(matrix->dequantize() == *values) << what << info.name;
    EXPECT_EQ(matrix->granularity(), expected.load_ternary(info.name)->granularity()) << what << info.name;
  }
  EXPECT_EQ(expected.tensors().size(), found.tensors().size()) << what;
}

TEST(Folder, HoldsTheTensorsThatItWasMadeOf) {
  for (const Case& c : cases()) {
    const TemporaryFolder folder;
    const MemoryTensorMap map =
        short_model(c.options, c.style.packed ? ScaleGranularity::tensor : ScaleGranularity::row);
    FolderWriter writer;
    add_tensors(map, c.options, c.style, writer);
    const bool squared = c.style.model_class == "BitNetForCausalLM";
    writer.write(folder.path(), config_of(c.options, c.style), squared ? 1 : 3);
    const auto opened = open_model(folder.path().string());
    ASSERT_TRUE(opened.ok()) << opened.message();
    expect_same_model(map, *opened->tensors, c.style.model_class + " " + c.style.type + ": ");
    EXPECT_TRUE(opened->warnings.empty()) << opened->warnings.front();
  }
}

// A small dense folder that tests spoil.
struct Small {
  RandomModelOptions options = {.architecture = "qwen3", .dim = 256, .n_layers = 1, .ffn_dim = 256};
  FolderStyle style = {.model_class = "Qwen3ForCausalLM"};
  FolderWriter writer;
  TemporaryFolder folder;

  explicit Small(std::string more_config = {}) {
    style.more_config = std::move(more_config);
    add_tensors(short_model(options), options, style, writer);
  }
  Small(const RandomModelOptions& other, std::string model_class) : options(other) {
    style.model_class = std::move(model_class);
    add_tensors(short_model(options), options, style, writer);
  }
  Result<OpenedModel> open(int n_shards = 1) {
    writer.write(folder.path(), config_of(options, style), n_shards);
    return open_model(folder.path().string());
  }
  // Instead of the tensor of that name.
  void replace(const std::string& name, std::vector<int64_t> shape, const std::vector<float>& values) {
    writer.remove(name);
    writer.add(name, std::move(shape), values);
  }
};

const std::string kUp = "model.layers.0.mlp.up_proj.weight";

std::vector<float> up_values(float (*value)(int64_t row, int64_t col)) {
  std::vector<float> values;
  for (int64_t r = 0; r < 256; ++r)
    for (int64_t c = 0; c < 256; ++c) values.push_back(value(r, c));
  return values;
}

int trit(int64_t i) { return static_cast<int>((i * i + i / 7 + i / 256) % 3) - 1; }

TEST(Folder, FindsTheGroupsOfARowThatShareAMagnitude) {
  Small small;
  const auto values = up_values([](int64_t r, int64_t c) {
    return static_cast<float>(trit(r * 256 + c)) * (0.5f + 0.25f * static_cast<float>((r + c / 128) % 5));
  });
  small.replace(kUp, {256, 256}, values);
  const auto model = small.open();
  ASSERT_TRUE(model.ok()) << model.message();
  const auto matrix = model->tensors->load_ternary("blk.0.ffn_up.weight");
  ASSERT_TRUE(matrix.ok()) << matrix.message();
  EXPECT_EQ(matrix->granularity(), ScaleGranularity::group);
  EXPECT_EQ(matrix->group_size(), 128);
  EXPECT_TRUE(matrix->dequantize() == values);
}

TEST(Folder, ARowThatIsNoTritsIsFoundWhenItIsRead) {
  Small small;
  auto values = up_values([](int64_t r, int64_t c) { return static_cast<float>(trit(r * 256 + c)) * 0.5f; });
  values[5 * 256 + 3] = 0.25f;  // of a row that is not looked at when the folder is opened
  small.replace(kUp, {256, 256}, values);
  const auto model = small.open();
  ASSERT_TRUE(model.ok()) << model.message();
  EXPECT_TRUE(model->tensors->find("blk.0.ffn_up.weight")->ternary);
  const auto matrix = model->tensors->load_ternary("blk.0.ffn_up.weight");
  EXPECT_EQ(matrix.code(), StatusCode::unsupported);
  EXPECT_NE(matrix.message().find("row 5 has values of more than one magnitude"), std::string::npos)
      << matrix.message();
  const auto dense = model->tensors->load_dense("blk.0.ffn_up.weight");
  ASSERT_TRUE(dense.ok());
  EXPECT_EQ(dense->dtype, DType::f32);
}

// To alpha times a trit, alpha the mean magnitude of the matrix.
void expect_rounded(const TensorMap& map, const std::string& name, const std::vector<float>& values) {
  const auto matrix = map.load_ternary(name);
  const auto expected = TernaryMatrix::from_weights(values, 1, 256, 256, ScaleGranularity::tensor);
  ASSERT_TRUE(matrix.ok() && expected.ok()) << matrix.message();
  EXPECT_TRUE(matrix->dequantize() == expected->dequantize());
}

TEST(Folder, MastersAreRoundedByTheirMeanMagnitude) {
  Small small(
      ",\"quantization_config\":{\"quant_method\":\"bitnet\",\"linear_class\":\"autobitlinear\","
      "\"quantization_mode\":\"online\",\"modules_to_not_convert\":[\"lm_head\",\"down_proj\"]}");
  const auto values = up_values([](int64_t r, int64_t c) { return std::sin(static_cast<float>(r * 256 + c)); });
  small.replace(kUp, {256, 256}, values);
  small.replace("model.layers.0.mlp.down_proj.weight", {256, 256}, values);
  const auto model = small.open();
  ASSERT_TRUE(model.ok()) << model.message();
  expect_rounded(*model->tensors, "blk.0.ffn_up.weight", values);
  EXPECT_FALSE(model->tensors->find("blk.0.ffn_down.weight")->ternary);
}

// BitNet-Embedding: what has a norm of its own is rounded when it runs. Without a norm, floats stay floats.
TEST(Folder, ProjectionsWithANormOfTheirOwnAreRounded) {
  const auto values = up_values([](int64_t r, int64_t c) { return std::sin(static_cast<float>(r * 256 + c)); });
  Small with(
      {.architecture = "qwen3", .dim = 256, .n_layers = 1, .ffn_dim = 256, .tied_head = true, .input_norms = true},
      "Qwen3Model");
  with.replace("layers.0.mlp.up_proj.weight", {256, 256}, values);
  const auto model = with.open();
  ASSERT_TRUE(model.ok()) << model.message();
  EXPECT_TRUE(model->warnings.empty()) << model->warnings.front();
  const auto checked = CheckedModel::check(*model->tensors);
  ASSERT_TRUE(checked.ok()) << checked.message();
  EXPECT_TRUE(checked->config().input_norms);
  expect_rounded(*model->tensors, "blk.0.ffn_up.weight", values);
  EXPECT_EQ(model->tensors->tensors()[2].name, "blk.0.attn_q_norm_in.weight");
  Small without;
  without.replace(kUp, {256, 256}, values);
  const auto other = without.open();
  ASSERT_TRUE(other.ok()) << other.message();
  EXPECT_FALSE(other->tensors->find("blk.0.ffn_up.weight")->ternary);
}

// Keys that other programs want in a file of a Maple.
TEST(Folder, OfAMapleSaysWhatItsLayersAre) {
  Small maple({.architecture = "maple", .n_layers = 4, .n_experts = 4}, "MapleForCausalLM");
  const auto model = maple.open();
  ASSERT_TRUE(model.ok()) << model.message();
  const Metadata& m = model->tensors->metadata();
  EXPECT_EQ(std::get<std::vector<bool>>(*m.find("maple.attention.sliding_window_pattern")),
            (std::vector<bool>{true, true, true, false}));
  EXPECT_EQ(std::get<std::vector<double>>(*m.find("maple.swiglu_clamp_exp")), std::vector<double>(4, 7.0));
}

TEST(Folder, SaysHowATextBecomesAVector) {
  const std::tuple<const char*, int64_t, size_t> kCases[] = {
      {"{\"pooling_mode_mean_tokens\":false,\"pooling_mode_lasttoken\":true}", 3, 0},
      {"{\"pooling_mode_mean_tokens\":true,\"pooling_mode_lasttoken\":false}", 1, 0},
      {"{\"pooling_mode\":\"mean\"}", 1, 0},
      {"{\"pooling_mode_cls_token\":true}", 0, 1},
      {"{", 0, 1},
  };
  Small small;
  std::filesystem::create_directory(small.folder.path() / "1_Pooling");
  for (const auto& [text, number, n_warnings] : kCases) {
    write_text(small.folder.path() / "1_Pooling" / "config.json", text);
    const auto model = small.open();
    ASSERT_TRUE(model.ok()) << model.message();
    EXPECT_EQ(model->tensors->metadata().integer("qwen3.pooling_type").value_or(0), number) << text;
    EXPECT_EQ(model->warnings.size(), n_warnings) << text;
  }
}

void expect_refused(const Result<OpenedModel>& model, StatusCode code, const std::string& part) {
  ASSERT_FALSE(model.ok()) << part;
  EXPECT_EQ(model.code(), code) << model.message();
  EXPECT_NE(model.message().find(part), std::string::npos) << model.message();
}

TEST(Folder, WhatTensorsLackIsSaid) {
  {
    Small small;
    small.writer.add("model.layers.0.mlp.up_proj.bias", {256}, std::vector<float>(256));
    expect_refused(small.open(), StatusCode::unsupported, "model.layers.0.mlp.up_proj.bias is not part of a qwen3");
  }
  {
    Small small;
    small.writer.add("model.layers.1.input_layernorm.weight", {256}, std::vector<float>(256));
    expect_refused(small.open(), StatusCode::corrupt_file, "num_hidden_layers of config.json is 1");
  }
  {
    Small small;
    small.writer.add("model.word_embeddings.weight", {97, 256}, std::vector<float>(97 * 256));
    expect_refused(small.open(), StatusCode::corrupt_file, "means the same as");
  }
  {
    Small small;
    small.writer.remove(kUp);
    small.writer.add_packed("model.layers.0.mlp.up_proj", std::vector<float>(256 * 256), 256, 1.0f, 1.0f);
    expect_refused(small.open(), StatusCode::corrupt_file, "config.json has no quantization_config");
  }
  {
    Small small(kBitnet);
    small.writer.remove(kUp);
    small.writer.add_bytes(kUp, {64, 256}, "U8", std::string(64 * 256, 'U'));
    expect_refused(small.open(), StatusCode::corrupt_file, "its weight_scale is missing");
  }
  {
    Small small;
    small.writer.remove(kUp);
    small.writer.add_bytes(kUp, {256, 256}, "F64", std::string(8 * 256 * 256, '\0'));
    expect_refused(small.open(), StatusCode::unsupported, "supported: F32, F16, BF16");
  }
  {
    Small small;
    small.replace("model.norm.weight", {1, 256}, std::vector<float>(256));
    expect_refused(small.open(), StatusCode::corrupt_file, "must have 1 dimension");
  }
}

TEST(Folder, WhatAConfigurationAsksForInVainIsSaid) {
  const std::tuple<const char*, StatusCode, const char*> kBad[] = {
      {",\"attention_bias\":true", StatusCode::unsupported, "attention_bias is true: biases are not implemented"},
      {",\"clip_qkv\":8.0", StatusCode::unsupported, "clip_qkv has a number: it clips queries, keys and values"},
      {",\"rope_scaling\":{\"rope_type\":\"longrope\"}", StatusCode::unsupported,
       "rope_type is \"longrope\"; supported"},
      {",\"rope_scaling\":7", StatusCode::corrupt_file, "rope_scaling must be an object, or null"},
      {",\"rope_scaling\":{\"factor\":2.0}", StatusCode::unsupported, "factor is there without a rope_type"},
      {",\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":8.0}", StatusCode::corrupt_file,
       "low_freq_factor is missing"},
      {",\"rope_scaling\":{\"type\":\"linear\",\"factor\":2.0},\"rope_parameters\":{\"rope_type\":\"default\"}",
       StatusCode::unsupported, "rope_scaling contradicts rope_parameters"},
      {",\"rope_parameters\":{\"full_attention\":{\"rope_theta\":1e4},\"sliding_attention\":{\"rope_theta\":1e5}}",
       StatusCode::unsupported, "differ between kinds of layers"},
      {",\"use_sliding_window\":true,\"sliding_window\":4", StatusCode::unsupported, "sliding_window is 4, below"},
      {",\"layer_types\":[\"linear_attention\"]", StatusCode::unsupported, "layer_types has \"linear_attention\""},
      {",\"quantization_config\":{\"quant_method\":\"awq\"}", StatusCode::unsupported, "has the method \"awq\""},
      {",\"quantization_config\":{\"quant_method\":\"bitnet\",\"use_rms_norm\":true}", StatusCode::unsupported,
       "use_rms_norm is true"},
      {",\"quantization\":{\"bits\":3,\"group_size\":64}", StatusCode::unsupported, "bits is 3; supported: 2, 4, 8"},
      {",\"tie_word_embeddings\":3", StatusCode::corrupt_file, "stands twice"},
  };
  for (const auto& [more, code, part] : kBad) {
    Small small(more);
    expect_refused(small.open(), code, part);
    expect_refused(small.open(), code, "config.json: ");
  }
}

TEST(Folder, OneRopeOfTwoKindsOfLayersAndSaidTwiceIsOne) {
  const char* kGood[] = {
      ",\"rope_parameters\":{\"full_attention\":{\"rope_theta\":1e4},\"sliding_attention\":{\"rope_theta\":10000}}",
      ",\"rope_scaling\":{\"type\":\"linear\",\"factor\":2},\"rope_parameters\":{\"rope_type\":\"linear\",\"factor\":2."
      "0}",
  };
  for (const char* more : kGood) {
    Small small(more);
    const auto opened = small.open();
    EXPECT_TRUE(opened.ok()) << more << ": " << opened.message();
  }
}

TEST(Folder, OneOfAnotherModelNamesIt) {
  Small small;
  small.style.model_class = "Qwen3_5ForCausalLM";
  expect_refused(small.open(), StatusCode::unsupported, "\"Qwen3_5ForCausalLM\", which is not supported (a hybrid");
}

TEST(Folder, ShardsAreCheckedAgainstTheIndex) {
  Small small;
  ASSERT_TRUE(small.open(3).ok());
  const auto path = small.folder.path();
  const std::string index = *read_file((path / "model.safetensors.index.json").string());
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = index;
    text.replace(text.find(from), from.size(), to);
    write_text(path / "model.safetensors.index.json", text);
    return open_model(path.string());
  };
  expect_refused(with("model-00001-of-00003", "../model-00001-of-00003"), StatusCode::corrupt_file,
                 "only names of files in the folder itself");
  expect_refused(with("\"model-00001-of-00003.safetensors\"", "\"..\""), StatusCode::corrupt_file,
                 "only names of files");
  expect_refused(with("\"model-00001-of-00003.safetensors\"", "7"), StatusCode::corrupt_file,
                 "is a number, not a file");
  expect_refused(with("model-00001-of-00003", "model-00004-of-00003"), StatusCode::not_found,
                 "model-00004-of-00003.safetensors: is missing");
  expect_refused(with("model-00001-of-00003", "model-00002-of-00003"), StatusCode::corrupt_file, "is not there, where");
  expect_refused(with("\"weight_map\"", "\"weights\""), StatusCode::corrupt_file, "weight_map is missing");
  write_text(path / "model.safetensors.index.json", index);
  std::filesystem::remove(path / "model-00002-of-00003.safetensors");
  expect_refused(open_model(path.string()), StatusCode::not_found, "model-00002-of-00003.safetensors: is missing");
}

TEST(Folder, AnEmptyOneSaysWhatAModelFolderHas) {
  const TemporaryFolder folder;
  expect_refused(open_model(folder.path().string()), StatusCode::not_found, "config.json: is missing; a model folder");
  write_text(folder.path() / "config.json", config_of({.architecture = "qwen3"}, {.model_class = "Qwen3ForCausalLM"}));
  expect_refused(open_model(folder.path().string()), StatusCode::not_found, "neither model.safetensors nor");
}

TEST(Folder, ATensorDecidesWhetherTheHeadIsTheEmbedding) {
  Small small(",\"x\":1");
  small.writer.remove("lm_head.weight");
  const auto model = small.open();
  ASSERT_TRUE(model.ok()) << model.message();
  ASSERT_EQ(model->warnings.size(), 1u);
  EXPECT_NE(model->warnings[0].find("lm_head.weight is missing"), std::string::npos);
}

}  // namespace
}  // namespace tritium
