#include "bench/made_model.h"

#include <functional>

#include "base/checked_math.h"
#include "base/format_text.h"
#include "bench/random_weights.h"
#include "model/config.h"
#include "model/tensors.h"

namespace tritium::bench {
namespace {

Metadata metadata_of(const ModelShape& s) {
  Metadata m;
  const auto set = [&](const char* key, MetadataValue value) { m.set(s.architecture + "." + key, std::move(value)); };
  m.set("general.architecture", s.architecture);
  m.set("general.name", "random weights in the shape of " + s.name);
  set("block_count", s.layers);
  set("context_length", s.context);
  set("embedding_length", s.dim);
  set("feed_forward_length", s.ffn);
  set("vocab_size", s.vocabulary);
  set("attention.head_count", s.heads);
  set("attention.head_count_kv", s.kv_heads);
  set("attention.key_length", s.head_dim);
  set("attention.value_length", s.head_dim);
  set("attention.layer_norm_rms_epsilon", 1e-6);
  set("rope.dimension_count", s.rope_dims > 0 ? s.rope_dims : s.head_dim);
  set("rope.freq_base", s.rope_base);
  if (s.window > 0) set("attention.sliding_window", s.window);
  if (s.experts == 0) return m;
  set("expert_count", s.experts);
  set("expert_used_count", s.experts_used);
  set("expert_feed_forward_length", s.ffn);
  if (s.architecture == "maple") set("swiglu_clamp_exp", 7.0);
  return m;
}

Shape stack_of(const TensorInfo& info) {
  const std::vector<int64_t>& s = info.shape;
  return {s.size() == 3 ? s[0] : 1, s.size() > 1 ? s[s.size() - 2] : 1, s.back()};
}

}  // namespace

// Sizes as published (papers/models.md); MoE-A is nobody's, small enough for any machine.
const std::vector<ModelShape>& bench_models() {
  static const std::vector<ModelShape> models = {{.name = "MoE-A",
                                                  .architecture = "qwen3moe",
                                                  .layers = 16,
                                                  .dim = 1024,
                                                  .heads = 16,
                                                  .kv_heads = 4,
                                                  .head_dim = 64,
                                                  .ffn = 512,
                                                  .experts = 64,
                                                  .experts_used = 8,
                                                  .vocabulary = 32000,
                                                  .context = 40960,
                                                  .rope_base = 1e6},
                                                 {.name = "BitNet-2B",
                                                  .architecture = "bitnet-b1.58",
                                                  .layers = 30,
                                                  .dim = 2560,
                                                  .heads = 20,
                                                  .kv_heads = 5,
                                                  .head_dim = 128,
                                                  .ffn = 6912,
                                                  .vocabulary = 128256,
                                                  .rope_base = 500000,
                                                  .embedding = DType::q6_k,
                                                  .tied_head = true},
                                                 {.name = "OLMoE-7B-A1B",
                                                  .architecture = "olmoe",
                                                  .layers = 16,
                                                  .dim = 2048,
                                                  .heads = 16,
                                                  .kv_heads = 16,
                                                  .head_dim = 128,
                                                  .ffn = 1024,
                                                  .experts = 64,
                                                  .experts_used = 8,
                                                  .vocabulary = 50304},
                                                 {.name = "Qwen3-30B-A3B, 8 of 48 layers",
                                                  .architecture = "qwen3moe",
                                                  .layers = 8,
                                                  .dim = 2048,
                                                  .heads = 32,
                                                  .kv_heads = 4,
                                                  .head_dim = 128,
                                                  .ffn = 768,
                                                  .experts = 128,
                                                  .experts_used = 8,
                                                  .vocabulary = 151936,
                                                  .context = 40960,
                                                  .rope_base = 1e6},
                                                 {.name = "Maple-20B-A1B",
                                                  .architecture = "maple",
                                                  .layers = 24,
                                                  .dim = 2048,
                                                  .heads = 16,
                                                  .kv_heads = 4,
                                                  .head_dim = 128,
                                                  .rope_dims = 64,
                                                  .ffn = 512,
                                                  .experts = 256,
                                                  .experts_used = 8,
                                                  .vocabulary = 151936,
                                                  .context = 131072,
                                                  .window = 512,
                                                  .embedding = DType::q8_0,
                                                  .head = DType::q4_k}};
  return models;
}

MadeModel::MadeModel(const ModelShape& shape) : shape_(shape), metadata_(metadata_of(shape)) {
  const std::string embedding = "token_embd.weight";
  add(embedding, {shape.vocabulary, shape.dim}, shape.embedding);
  const Result<Config> config = read_config(*this);
  if (!config.ok()) return;  // who loads it sees the same error
  for (const TensorSpec& spec : tensor_specs(*config)) {
    if (spec.name == embedding || (spec.role == TensorRole::head && shape.tied_head)) continue;
    if (spec.optional && spec.role != TensorRole::head) continue;
    add(spec.name, spec.shape, spec.exact() ? DType::f32 : spec.role == TensorRole::head ? shape.head : DType::trit2);
  }
}

void MadeModel::add(const std::string& name, std::vector<int64_t> dims, DType dtype) {
  TensorInfo info = {.name = name,
                     .type = std::string(name_of(dtype)),
                     .shape = std::move(dims),
                     .bytes = 0,
                     .ternary = dtype == DType::trit2,
                     .dtype = dtype == DType::trit2 ? DType::f16 : dtype};
  info.bytes = static_cast<uint64_t>(bytes_of(dtype, info.elements()));
  tensors_.push_back(std::move(info));
}

Result<std::unique_ptr<TernaryRows>> MadeModel::ternary_rows(const std::string& name) const {
  const TensorInfo* info = find(name);
  if (!info || !info->ternary) return error(StatusCode::unsupported, name, " is not ternary");
  return random_trits(stack_of(*info), std::hash<std::string>()(name));
}

Result<std::unique_ptr<DenseRows>> MadeModel::dense_rows(const std::string& name) const {
  const TensorInfo* info = find(name);
  if (!info || info->ternary) return error(StatusCode::not_found, "there is no dense ", name);
  if (info->shape.size() == 1) return ones(stack_of(*info));
  return random_rows(stack_of(*info), info->dtype, std::hash<std::string>()(name));
}

}  // namespace tritium::bench
