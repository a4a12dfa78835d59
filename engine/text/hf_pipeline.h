// How a tokenizer.json changes and splits text before it is merged: its `normalizer`, `pre_tokenizer` and
// `post_processor`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "tritium/status.hpp"

namespace tritium {

struct HfPipeline {
  std::vector<std::string> normalizer;  // steps of Normalizer
  std::vector<std::string> patterns;    // each splits what the ones before left
  bool byte_level = false;              // merged are bytes, else characters with spaces as U+2581
  bool space_mark = false;              // spaces become U+2581
  bool space_prefix = false;            // one is put before a text
  bool prefix_if_missing = false;       // unless the text begins with one
  bool prefix_once = false;             // before the first text only, not after special tokens
  bool template_given = false;          // the two below say all that stands around a text
  std::vector<int64_t> tokens_before;
  std::vector<int64_t> tokens_after;
};

// unsupported or corrupt_file, with the field of tokenizer.json.
Result<HfPipeline> hf_pipeline(const Json& tokenizer);

// The name of `tokenizer.ggml.pre` that splits text in this way, with `ignore_merges` as it is if there is one such;
// "": none. Endings ('s, 've) are written in several ways, which are one.
std::string pre_of_patterns(const std::vector<std::string>& patterns, bool ignore_merges);

}  // namespace tritium
