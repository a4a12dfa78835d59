// Prints the dictionary of a target, for libFuzzer's -dict: the words that its inputs are made of, from the tables by
// which they are read. Nothing for targets whose inputs are choices.
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <set>
#include <string>

#include "model/architectures.h"
#include "model/metadata_keys.h"
#include "tests/fuzz/model_file.h"
#include "text/tokenizer_keys.h"
#include "tritium/training.hpp"

namespace tritium::fuzz {
namespace {

using Words = std::set<std::string>;

// The names in lists and sentences: "one of adamw, sgd, muon".
void add_names(std::string_view text, Words& words) {
  std::string name;
  for (const char c : std::string(text) + ' ')
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-') {
      name += c;
    } else {
      if (name.size() > 1) words.insert(name);
      name.clear();
    }
}

Words words_of_options() {
  Words words;
  for (const TrainOption& option : train_options()) {
    words.insert('"' + option.key + "\": ");
    if (option.kind == OptionKind::choice) add_names(option.allowed, words);
  }
  return words;
}

// Of the presets, and what those leave out.
Words words_of_descriptions() {
  Words words;
  for (const TrainPreset& preset : train_presets()) add_names(preset.transformer, words);
  for (const char* key : {"rope_dims", "rope_base", "tied_head", "window"}) words.insert(key);
  for (const Architecture& a : architectures()) words.emplace(a.name);
  return words;
}

Words words_of_grammars() {
  return {"\"type\"",
          "\"enum\"",
          "\"const\"",
          "\"anyOf\"",
          "\"oneOf\"",
          "\"allOf\"",
          "\"$ref\"",
          "\"$defs\"",
          "\"properties\"",
          "\"required\"",
          "\"additionalProperties\"",
          "\"items\"",
          "\"prefixItems\"",
          "\"minItems\"",
          "\"maxItems\"",
          "\"minLength\"",
          "\"maxLength\"",
          "\"pattern\"",
          "\"format\"",
          "\"minimum\"",
          "\"maximum\"",
          "\"exclusiveMinimum\"",
          "\"exclusiveMaximum\"",
          "\"object\"",
          "\"array\"",
          "\"string\"",
          "\"integer\"",
          "\"number\"",
          "\"boolean\"",
          "\"null\"",
          "\"date\"",
          "\"time\"",
          "\"date-time\"",
          "\"uuid\"",
          "root ::= ",
          "\n",
          "{1,3}",
          "[^a-z]",
          "\\u0041",
          "#/$defs/n",
          "(?:"};
}

Words words_of_documents() {
  return {"\"text\"",
          "\"prompt\"",
          "\"completion\"",
          "\"messages\"",
          "\"conversations\"",
          "\"role\"",
          "\"content\"",
          "\"from\"",
          "\"value\"",
          "\"system\"",
          "\"user\"",
          "\"assistant\"",
          "\"human\"",
          "\"gpt\"",
          "\"chatgpt\"",
          "\"model\"",
          "\"instruction\"",
          "\"input\"",
          "\"output\"",
          "\"history\"",
          "\xEF\xBB\xBF",
          "\\u0000",
          "\\ud800",
          "null",
          "[{\"text\": \"",
          "\"}]",
          "}\n{"};
}

Words words_of_tokenizers() {
  Words words;
  for (const char* name : {"model",
                           "type",
                           "BPE",
                           "vocab",
                           "merges",
                           "byte_fallback",
                           "unk_token",
                           "ignore_merges",
                           "normalizer",
                           "normalizers",
                           "pre_tokenizer",
                           "pretokenizers",
                           "Sequence",
                           "NFC",
                           "Replace",
                           "Prepend",
                           "prepend",
                           "pattern",
                           "String",
                           "Regex",
                           "content",
                           "Split",
                           "behavior",
                           "Isolated",
                           "invert",
                           "ByteLevel",
                           "use_regex",
                           "Digits",
                           "Metaspace",
                           "replacement",
                           "added_tokens",
                           "id",
                           "special",
                           "lstrip",
                           "rstrip",
                           "single_word",
                           "normalized",
                           "single",
                           "post_processor",
                           "TemplateProcessing",
                           "SpecialToken"})
    words.insert('"' + std::string(name) + '"');
  for (const char* part : {"(?i:", "\\\\p{L}", "\\\\s+(?!\\\\S)", "\u2581", "[^", "]*", "{1,3}", "true", "null"})
    words.insert(part);
  return words;
}

Words words_of_checkpoints() {
  return {"\"version\"", "\"run\"",   "\"model\"",   "\"step\"", "\"best_valid_loss\"",  "\"evaluations_since_best\"",
          "\"seconds\"", "\"bytes\"", "\"options\"", "\"name\"", "\"averaged_steps\"",   "\"offset\"",
          "\"tensors\"", "null",      "1e400",       "-1",       "18446744073709551615", "9223372036854775807"};
}

// As they stand in a file: behind their length.
std::string counted(const std::string& text) {
  const uint64_t size = text.size();
  return std::string(reinterpret_cast<const char*>(&size), sizeof size) + text;
}

Words words_of_files() {
  Words words = {"GGUF"};
  for (const Architecture& a : architectures()) words.insert(counted(std::string(a.name)));
  for (const auto keys : {model_keys(), tokenizer_keys()})
    for (const KnownKey& key : keys) words.insert(counted(key_in_file(key, "llama")));
  for (const char* architecture : {"llama", "qwen3moe"})
    for (const RawTensor& tensor : small_model(architecture, true).tensors) words.insert(counted(tensor.name));
  return words;
}

Words words_of_safetensors() {
  return {"\"__metadata__\":{",
          "\"dtype\":\"",
          "\"shape\":[",
          "\"data_offsets\":[",
          "BF16",
          "F32",
          "U8",
          "F4",
          "F6_E2M3",
          "null",
          "-1",
          "1.5",
          "9007199254740993"};
}

// Of config.json, beside those of its tokenizer and its tensors.
Words words_of_folders() {
  Words words = words_of_tokenizers();
  words.merge(words_of_safetensors());
  for (const char* name : {"architectures",
                           "hidden_size",
                           "num_hidden_layers",
                           "num_attention_heads",
                           "num_key_value_heads",
                           "head_dim",
                           "intermediate_size",
                           "vocab_size",
                           "max_position_embeddings",
                           "rope_scaling",
                           "rope_parameters",
                           "rope_type",
                           "factor",
                           "alpha",
                           "partial_rotary_factor",
                           "num_experts",
                           "num_experts_per_tok",
                           "moe_intermediate_size",
                           "layer_types",
                           "sliding_window",
                           "tie_word_embeddings",
                           "quantization_config",
                           "quant_method",
                           "linear_class",
                           "quantization_mode",
                           "modules_to_not_convert",
                           "quantization",
                           "bits",
                           "group_size"})
    words.insert('"' + std::string(name) + '"');
  for (const char* name : {"LlamaForCausalLM",
                           "MixtralForCausalLM",
                           "BitNetForCausalLM",
                           "OlmoeForCausalLM",
                           "MapleForCausalLM",
                           "HunYuanDenseV1ForCausalLM",
                           "Qwen3Model",
                           "bitnet",
                           "online",
                           "yarn",
                           "llama3",
                           "linear",
                           "dynamic",
                           ".weight_scale",
                           ".row_alpha",
                           ".scales",
                           ".biases",
                           "gate_up_proj",
                           "switch_mlp",
                           "experts.0.",
                           "q_proj.norm",
                           "U32",
                           "F16"})
    words.insert(name);
  return words;
}

Words words_of(const std::string& target) {
  if (target == "options") return words_of_options();
  if (target == "description") return words_of_descriptions();
  if (target == "grammar") return words_of_grammars();
  if (target == "documents") return words_of_documents();
  if (target == "tokenizer_json") return words_of_tokenizers();
  if (target == "checkpoint") return words_of_checkpoints();
  if (target == "safetensors") return words_of_safetensors();
  if (target == "folder") return words_of_folders();
  if (target == "gguf" || target == "split_gguf" || target == "adapter") return words_of_files();
  return {};
}

}  // namespace
}  // namespace tritium::fuzz

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s TARGET\n", argv[0]);
    return 2;
  }
  for (const std::string& word : tritium::fuzz::words_of(argv[1])) {
    std::fputc('"', stdout);
    for (const char c : word) std::printf("\\x%02X", static_cast<unsigned char>(c));
    std::fputs("\"\n", stdout);
  }
  return 0;
}
