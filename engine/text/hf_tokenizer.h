// The vocabulary of a Hugging Face folder as the metadata that a GGUF file would have, so that Tokenizer reads both.
#pragma once

#include <optional>
#include <string>

#include "tensor/metadata.h"
#include "tritium/status.hpp"

namespace tritium {

// The texts of the files that are there.
struct HfTokenizerFiles {
  std::string tokenizer;                          // tokenizer.json
  std::optional<std::string> tokenizer_config{};  // tokenizer_config.json
  std::optional<std::string> special_tokens_map{};
  std::optional<std::string> generation_config{};
  std::optional<std::string> config{};         // config.json: vocab_size, ends of a text
  std::optional<std::string> chat_template{};  // chat_template.jinja
};

// Keys tokenizer.ggml.*, tokenizer.chat_template*, and tokenizer.tritium.* (tokenizer_keys.cpp) for what those cannot
// say. corrupt_file or unsupported, with file and field: another model than BPE, a step of the pipeline that is not
// known, what is not JSON.
Result<Metadata> hf_tokenizer_metadata(const HfTokenizerFiles& files);

}  // namespace tritium
