#include "model/unsupported.h"

#include <string_view>

#include "base/format_text.h"
#include "model/config.h"

namespace tritium {
namespace {

// Key after "<architecture>." and the value that means "not used".
struct NeutralKey {
  std::string_view key;
  double neutral;
};

constexpr NeutralKey kNeutralKeys[] = {
    {"embedding_scale", 1.0},
    {"residual_scale", 1.0},
    {"logit_scale", 1.0},
    {"attention.scale", 0.0},
    {"attention.clamp_kqv", 0.0},
    {"attention.max_alibi_bias", 0.0},
    {"attn_logit_softcapping", 0.0},
    {"final_logit_softcapping", 0.0},
    {"router_logit_softcapping", 0.0},
    {"expert_shared_count", 0.0},
    {"expert_shared_feed_forward_length", 0.0},
    {"expert_group_count", 0.0},
    {"leading_dense_block_count", 0.0},
    {"nextn_predict_layers", 0.0},
    {"interleave_moe_layer_step", 1.0},
    {"moe_every_n_layers", 0.0},
    {"use_parallel_residual", 0.0},
    {"attention.temperature_length", 0.0},
};

// Words in a key that announce a change of weights or activations before or after the products.
constexpr std::string_view kTransformWords[] = {
    "hadamard", "prism.", "rotation", "smoothquant", "awq", "weight_transform", "activation_transform"};

Status unsupported(const std::string& key, std::string_view what) {
  return error(StatusCode::unsupported, "key ", key, " ", what,
               ", which is not implemented; supported architectures: ", supported_architectures(),
               ", without transforms of weights or activations");
}

bool is_off(const Metadata& metadata, const std::string& key, double neutral) {
  if (const auto flag = metadata.boolean(key)) return !*flag;
  const auto value = metadata.real(key);
  return value && *value == neutral;
}

}  // namespace

Status refuse_unsupported(const Metadata& metadata, const std::string& architecture) {
  for (const auto& [key, value] : metadata.values())
    for (std::string_view word : kTransformWords)
      if (key.find(word) != std::string::npos && !key.starts_with("tokenizer.") && !is_off(metadata, key, 0.0))
        return unsupported(key, "announces a transform");

  const std::string prefix = architecture + ".";
  for (const NeutralKey& n : kNeutralKeys) {
    const std::string key = prefix + std::string(n.key);
    // 0 and 1 both stand for "none" in scale keys: converters differ.
    const bool neutral = is_off(metadata, key, n.neutral) || (n.neutral == 1.0 && is_off(metadata, key, 0.0));
    if (metadata.contains(key) && !neutral) return unsupported(key, "changes the computation");
  }
  const std::string causal = prefix + "attention.causal";
  if (metadata.contains(causal) && !metadata.boolean(causal).value_or(true))
    return unsupported(causal, "asks for attention in both directions");
  const std::string gating = prefix + "expert_gating_func";
  constexpr int64_t kNone = 0, kSoftmax = 1;
  if (const auto function = metadata.integer(gating); function && *function != kNone && *function != kSoftmax)
    return unsupported(gating, join("is ", *function, " (1, softmax, is what this router does)"));
  return Status();
}

}  // namespace tritium
