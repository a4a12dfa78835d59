#include "model/metadata_keys.h"

#include <algorithm>
#include <array>

#include "base/format_text.h"
#include "model/config.h"

namespace tritium {
namespace {

constexpr KnownKey used(std::string_view name) { return {.name = name, .use = KeyUse::used}; }
constexpr KnownKey neutral(std::string_view name) { return {.name = name, .use = KeyUse::neutral}; }
constexpr KnownKey off(std::string_view name, double value = 0, double or_value = 0) {
  return {.name = name, .use = KeyUse::off, .off = {value, or_value}};
}
constexpr KnownKey off(std::string_view name, std::array<double, 2> values, std::string_view meaning) {
  return {.name = name, .use = KeyUse::off, .off = values, .meaning = meaning};
}
constexpr KnownKey same(std::string_view name, std::string_view as) {
  return {.name = name, .use = KeyUse::same, .same_as = as};
}

// 0 and 1 both stand for "none" in factors: converters differ.
constexpr KnownKey factor(std::string_view name) { return off(name, 1, 0); }

constexpr KnownKey kRows[] = {
    // ---- general
    used("general.architecture"),
    used("general.name"),
    used("general.alignment"),
    used("general.type"),
    off("general.quantization_version", {2, 0}, "means other layouts of quantised blocks than version 2"),
    neutral("general.file_type"),
    neutral("general.author"),
    neutral("general.version"),
    neutral("general.organization"),
    neutral("general.finetune"),
    neutral("general.basename"),
    neutral("general.description"),
    neutral("general.quantized_by"),
    neutral("general.size_label"),
    neutral("general.license*"),
    neutral("general.url"),
    neutral("general.doi"),
    neutral("general.uuid"),
    neutral("general.repo_url"),
    neutral("general.source.*"),
    neutral("general.source_*"),
    neutral("general.base_model.*"),
    neutral("general.dataset.*"),
    neutral("general.datasets"),
    neutral("general.tags"),
    neutral("general.languages"),
    neutral("general.sampling.*"),  // recommended by the model's authors: the caller samples as it asks to
    // ---- sizes of the transformer
    used("ARCH.vocab_size"),
    used("ARCH.context_length"),
    used("ARCH.embedding_length"),
    used("ARCH.block_count"),
    used("ARCH.feed_forward_length"),
    used("ARCH.hidden_activation"),
    used("ARCH.embedding_length_per_layer_input"),
    used("ARCH.swiglu_clamp_exp"),
    used("ARCH.tensor_data_layout"),
    same("ARCH.embedding_length_out", "ARCH.embedding_length"),
    off("ARCH.features_length"),
    used("ARCH.pooling_type"),
    neutral("ARCH.decoder_start_token_id"),  // of models with an encoder
    // ---- factors and limits of values
    factor("ARCH.embedding_scale"),
    factor("ARCH.residual_scale"),
    factor("ARCH.logit_scale"),
    off("ARCH.attn_logit_softcapping"),
    off("ARCH.final_logit_softcapping"),
    off("ARCH.router_logit_softcapping"),
    off("ARCH.swiglu_clamp_shexp"),
    off("ARCH.activation_sparsity_scale"),
    off("ARCH.rescale_every_n_layers"),
    // ---- other blocks than attention and feed-forward, one after the other
    off("ARCH.use_parallel_residual"),
    off("ARCH.leading_dense_block_count"),
    off("ARCH.nextn_predict_layers"),
    factor("ARCH.interleave_moe_layer_step"),
    off("ARCH.moe_every_n_layers"),
    off("ARCH.moe_latent_size"),
    factor("ARCH.full_attention_interval"),
    off("ARCH.n_deepstack_layers"),
    off("ARCH.decoder_block_count"),
    off("ARCH.swin_norm"),
    off("ARCH.token_shift_count"),
    off("ARCH.time_mix_extra_dim"),
    off("ARCH.time_decay_extra_dim"),
    off("ARCH.altup.*"),
    off("ARCH.ssm.*"),
    off("ARCH.wkv.*"),
    off("ARCH.kda.*"),
    off("ARCH.shortconv.*"),
    off("ARCH.posnet.*"),
    off("ARCH.convnext.*"),
    // ---- attention
    used("ARCH.attention.head_count"),
    used("ARCH.attention.head_count_kv"),
    used("ARCH.attention.key_length"),
    used("ARCH.attention.value_length"),
    used("ARCH.attention.layer_norm_rms_epsilon"),
    used("ARCH.attention.sliding_window"),
    used("ARCH.attention.sliding_window_pattern"),
    used("ARCH.attention.shared_kv_layers"),
    neutral("ARCH.attention.layer_norm_epsilon"),  // beside the RMS norm's own, which is required
    same("ARCH.attention.key_length_swa", "ARCH.attention.key_length"),
    same("ARCH.attention.value_length_swa", "ARCH.attention.value_length"),
    off("ARCH.attention.scale"),
    factor("ARCH.attention.output_scale"),
    off("ARCH.attention.clamp_kqv"),
    off("ARCH.attention.max_alibi_bias"),
    off("ARCH.attention.causal", {1, 1}, "asks for attention in both directions"),
    off("ARCH.attention.temperature_length"),
    off("ARCH.attention.temperature_scale"),
    off("ARCH.attention.q_lora_rank"),
    off("ARCH.attention.kv_lora_rank"),
    off("ARCH.attention.decay_lora_rank"),
    off("ARCH.attention.iclr_lora_rank"),
    off("ARCH.attention.value_residual_mix_lora_rank"),
    off("ARCH.attention.gate_lora_rank"),
    off("ARCH.attention.key_length_mla"),
    off("ARCH.attention.value_length_mla"),
    off("ARCH.attention.relative_buckets_count"),
    off("ARCH.attention.group_norm_epsilon"),
    off("ARCH.attention.group_norm_groups"),
    off("ARCH.attention.indexer.*"),
    // ---- rotation
    used("ARCH.rope.dimension_count"),
    used("ARCH.rope.freq_base"),
    used("ARCH.rope.scaling.type"),
    used("ARCH.rope.scaling.factor"),
    used("ARCH.rope.scale_linear"),
    same("ARCH.rope.dimension_count_swa", "ARCH.rope.dimension_count"),
    same("ARCH.rope.freq_base_swa", "ARCH.rope.freq_base"),
    off("ARCH.rope.dimension_sections"),
    used("ARCH.rope.scaling.attn_factor"),
    used("ARCH.rope.scaling.yarn_attn_factor"),
    used("ARCH.rope.scaling.yarn_ext_factor"),
    off("ARCH.rope.scaling.yarn_log_multiplier"),
    factor("ARCH.rope.scaling.alpha"),
    used("ARCH.rope.scaling.yarn_beta_fast"),
    used("ARCH.rope.scaling.yarn_beta_slow"),
    used("ARCH.rope.scaling.original_context_length"),
    used("ARCH.rope.global_layers"),
    neutral("ARCH.rope.scaling.finetuned"),
    // ---- tritium-lab
    used("ARCH.lab.*"),
    // ---- experts
    used("ARCH.expert_count"),
    used("ARCH.expert_used_count"),
    used("ARCH.expert_feed_forward_length"),
    used("ARCH.expert_weights_norm"),
    used("ARCH.expert_weights_scale"),
    off("ARCH.expert_gating_func", {0, 1}, "names another router than softmax (1)"),
    off("ARCH.expert_shared_count"),
    off("ARCH.expert_shared_feed_forward_length"),
    off("ARCH.expert_chunk_feed_forward_length"),
    factor("ARCH.expert_group_count"),
    factor("ARCH.expert_group_used_count"),
    factor("ARCH.expert_group_scale"),
    off("ARCH.experts_per_group"),
    // ---- files
    used("split.no"),
    used("split.count"),
    used("split.tensors.count"),
    neutral("quantize.imatrix.*"),  // what the quantiser was given
    used("adapter.type"),
    used("adapter.lora.alpha"),
    neutral("adapter.lora.task_name"),
    neutral("adapter.lora.prompt_prefix"),
    {.name = "adapter.alora.invocation_tokens",
     .use = KeyUse::off,
     .meaning = "makes the adapter work from certain tokens on"},
};

// Below these, and with these words in it, a key that is not known would change what is computed.
constexpr std::array<std::string_view, 6> kRisky = {"ARCH.rope.",  "ARCH.attention.", "ARCH.expert",
                                                    "ARCH.hidden", "ARCH.activation", "ARCH.moe"};
constexpr std::string_view kHadamard = "prism.hadamard.";
constexpr std::array<std::string_view, 7> kTransformWords = {
    "hadamard", "prism.", "rotation", "smoothquant", "awq", "weight_transform", "activation_transform"};
constexpr std::array<std::string_view, 5> kFamilies = {"general.", "ARCH.", "split.", "quantize.", "adapter."};

Status refuse_transforms(const Metadata& metadata) {
  for (const auto& [key, value] : metadata.values()) {
    const auto holds = [&key = key](std::string_view word) { return key.find(word) != std::string::npos; };
    if (key.starts_with(kHadamard) && !says_off(value, {0, 0}))
      return error(StatusCode::unsupported, "key ", key, " announces a transform of weights and activations (",
                   shown_value(value), "): a Hadamard rotation of both, which is not implemented; take the model in a ",
                   "form without it");
    if (!key.starts_with("tokenizer.") && std::ranges::any_of(kTransformWords, holds) && !says_off(value, {0, 0}))
      return error(StatusCode::unsupported, "key ", key, " announces a transform of weights or activations (",
                   shown_value(value), "), which is not implemented");
  }
  return Status();
}

// A file of something else than a whole model, though it names the model's architecture.
Status refuse_other_files(const Metadata& metadata) {
  const std::string* type = metadata.text("general.type");
  if (!type || type->empty() || *type == "model") return Status();
  return error(StatusCode::unsupported, "this is a file of type \"", *type, "\" (general.type), not a model",
               *type == "adapter" ? ": give its model, and this file to --lora (LoadOptions::adapter)" : "");
}

}  // namespace

std::span<const KnownKey> model_keys() { return kRows; }

Status refuse_unsupported(const TensorMap& source, const std::string& architecture) {
  const Metadata& metadata = source.metadata();
  if (Status s = refuse_other_files(metadata); !s.ok()) return s;
  if (Status s = refuse_transforms(metadata); !s.ok()) return s;
  if (Status s = refuse_keys(metadata, architecture, kRows); !s.ok()) return s;
  for (const std::string& key : unknown_keys(metadata, architecture, kRows, kRisky))
    if (const MetadataValue& value = *metadata.find(key); !says_off(value, {0, 0}))
      return error(StatusCode::unsupported, "key ", key, " is not known here (", shown_value(value),
                   "), and by its name it would change the computation; a newer version may know it");
  return Status();
}

std::string unknown_keys_warning(const Metadata& metadata) {
  const std::string* architecture = metadata.text("general.architecture");
  return ignored_keys(unknown_keys(metadata, architecture ? *architecture : "", kRows, kFamilies));
}

}  // namespace tritium
