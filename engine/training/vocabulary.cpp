#include "training/vocabulary.h"

#include <cstdio>

namespace tritium::training {

Metadata byte_vocabulary() {
  // Kinds as in tokenizer.ggml.token_type.
  constexpr int64_t kNormal = 1, kUnknown = 2, kControl = 3, kByte = 6;
  // U+2581 is how this kind of vocabulary writes a space, which is a byte like the others.
  std::vector<std::string> tokens = {"<unk>", "<s>", "</s>", "\u2581"};
  std::vector<int64_t> kinds = {kUnknown, kControl, kControl, kNormal};
  for (int byte = 0; byte < 256; ++byte) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", static_cast<unsigned>(byte));
    tokens.emplace_back(name);
    kinds.push_back(kByte);
  }
  Metadata m;
  m.set("tokenizer.ggml.model", std::string("llama"));
  m.set("tokenizer.ggml.scores", std::vector<double>(tokens.size(), 0.0));
  m.set("tokenizer.ggml.tokens", std::move(tokens));
  m.set("tokenizer.ggml.token_type", std::move(kinds));
  m.set("tokenizer.ggml.unknown_token_id", int64_t{0});
  m.set("tokenizer.ggml.bos_token_id", int64_t{1});
  m.set("tokenizer.ggml.eos_token_id", int64_t{2});
  m.set("tokenizer.ggml.add_bos_token", true);
  m.set("tokenizer.ggml.add_space_prefix", false);
  return m;
}

}  // namespace tritium::training
