#include "tests/support/byte_vocabulary.h"

#include <cstdio>
#include <string>
#include <vector>

namespace tritium {

void add_byte_vocabulary(Metadata& m, int64_t size) {
  constexpr int64_t kUnknown = 2, kControl = 3, kUnused = 5, kByte = 6;
  std::vector<std::string> tokens = {"<unk>", "<s>", "</s>"};
  std::vector<int64_t> kinds = {kUnknown, kControl, kControl};
  for (int byte = 0; byte < 256; ++byte) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", byte);
    tokens.emplace_back(name);
    kinds.push_back(kByte);
  }
  while (std::ssize(tokens) < size) {
    tokens.push_back("<t" + std::to_string(tokens.size()) + ">");
    kinds.push_back(kUnused);
  }
  m.set("tokenizer.ggml.model", std::string("llama"));
  m.set("tokenizer.ggml.scores", std::vector<double>(tokens.size(), 0.0));
  m.set("tokenizer.ggml.token_type", kinds);
  m.set("tokenizer.ggml.tokens", std::move(tokens));
  m.set("tokenizer.ggml.bos_token_id", int64_t{1});
  m.set("tokenizer.ggml.eos_token_id", int64_t{2});
  m.set("tokenizer.ggml.unknown_token_id", int64_t{0});
}

}  // namespace tritium
