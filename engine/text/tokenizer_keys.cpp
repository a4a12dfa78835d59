#include "text/tokenizer_keys.h"

#include "base/format_text.h"

namespace tritium {
namespace {

constexpr KnownKey used(std::string_view name) { return {.name = name, .use = KeyUse::used}; }
constexpr KnownKey neutral(std::string_view name) { return {.name = name, .use = KeyUse::neutral}; }
constexpr KnownKey off(std::string_view name, std::string_view meaning) {
  return {.name = name, .use = KeyUse::off, .meaning = meaning};
}

constexpr KnownKey kRows[] = {
    used("tokenizer.ggml.model"),
    used("tokenizer.ggml.tokens"),
    used("tokenizer.ggml.scores"),
    used("tokenizer.ggml.token_type"),
    used("tokenizer.ggml.bos_token_id"),
    used("tokenizer.ggml.eos_token_id"),
    used("tokenizer.ggml.unknown_token_id"),
    used("tokenizer.ggml.eot_token_id"),
    used("tokenizer.ggml.eom_token_id"),
    used("tokenizer.ggml.fim_pad_token_id"),
    used("tokenizer.ggml.fim_rep_token_id"),
    used("tokenizer.ggml.fim_sep_token_id"),
    used("tokenizer.ggml.add_bos_token"),
    used("tokenizer.ggml.add_space_prefix"),
    used("tokenizer.chat_template*"),
    used("tokenizer.ggml.add_eos_token"),  // a warning where it is true
    used("tokenizer.ggml.pre"),            // of byte-level vocabularies, as the merges are
    used("tokenizer.ggml.merges"),
    // What a Hugging Face folder says and the keys above cannot.
    used("tokenizer.tritium.patterns"),           // regular expressions that split text, instead of `pre`
    used("tokenizer.tritium.ignore_merges"),      // a word that is a token is not merged, instead of `pre`'s
    used("tokenizer.tritium.normalizer"),         // steps of Normalizer
    used("tokenizer.tritium.add_prefix_space"),   // a space before text of a byte-level vocabulary
    used("tokenizer.tritium.prefix_if_missing"),  // a space is put before text that does not begin with one
    used("tokenizer.tritium.prefix_once"),        // before the first text only, not after special tokens
    used("tokenizer.tritium.added_tokens"),       // pairs of an id and its AddedTokenFlags
    used("tokenizer.tritium.end_token_ids"),      // at which generation ends
    used("tokenizer.tritium.tokens_before"),      // what is put before a text, and after it
    used("tokenizer.tritium.tokens_after"),
    // How text is changed before it is split.
    off("tokenizer.ggml.remove_extra_whitespaces", "drops spaces before the text is split"),
    off("tokenizer.ggml.precompiled_charsmap", "replaces characters before the text is split"),
    off("tokenizer.ggml.normalizer*", "changes the text before it is split"),
    // Of other kinds of vocabularies, or tokens that only an application places.
    neutral("tokenizer.ggml.token_type_count"),
    neutral("tokenizer.ggml.add_sep_token"),
    neutral("tokenizer.ggml.seperator_token_id"),
    neutral("tokenizer.ggml.separator_token_id"),
    neutral("tokenizer.ggml.padding_token_id"),
    neutral("tokenizer.ggml.mask_token_id"),
    neutral("tokenizer.ggml.cls_token_id"),
    neutral("tokenizer.ggml.prefix_token_id"),
    neutral("tokenizer.ggml.suffix_token_id"),
    neutral("tokenizer.ggml.middle_token_id"),
    neutral("tokenizer.ggml.fim_pre_token_id"),
    neutral("tokenizer.ggml.fim_suf_token_id"),
    neutral("tokenizer.ggml.fim_mid_token_id"),
    neutral("tokenizer.huggingface.json"),  // the same vocabulary, written out again
    neutral("tokenizer.rwkv.world"),
};

}  // namespace

std::span<const KnownKey> tokenizer_keys() { return kRows; }

int32_t OptionalKeys::token(std::string_view key, size_t vocab_size) {
  const std::string name = "tokenizer.ggml." + std::string(key);
  const MetadataValue* value = metadata_.find(name);
  if (!value) return -1;
  const auto id = metadata_.integer(name);
  if (id == -1) return -1;  // converters write it for none
  if (id && *id >= 0 && *id < static_cast<int64_t>(vocab_size)) return static_cast<int32_t>(*id);
  warn(join("key ", name, " is ", shown_value(*value), ", the vocabulary has ", vocab_size,
            " tokens: it is taken for none"));
  return -1;
}

bool OptionalKeys::boolean(std::string_view key, bool fallback) {
  const std::string name = "tokenizer.ggml." + std::string(key);
  const MetadataValue* value = metadata_.find(name);
  if (!value) return fallback;
  const auto flag = metadata_.boolean(name);
  if (!flag)
    warn(join("key ", name, " is ", shown_value(*value), ", must be true or false: ", fallback ? "true" : "false",
              " is taken"));
  return flag.value_or(fallback);
}

}  // namespace tritium
