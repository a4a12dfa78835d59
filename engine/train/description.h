// A transformer described in JSON -> metadata and freshly initialised weights, as if they came from a file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tensor/tensor_map.h"
#include "train/lab_description.h"

namespace tritium::training {

struct Description {
  std::string architecture;  // empty: qwen3moe with experts, else bitnet
  int64_t dim = 128, layers = 4, heads = 4;
  int64_t kv_heads = 0;   // 0: heads
  int64_t head_dim = 0;   // 0: dim / heads
  int64_t rope_dims = 0;  // values of a head that are rotated; 0: all
  int64_t ffn = 0;        // of a dense layer or of one expert; 0: 4 dim
  int64_t experts = 0, top_k = 2, context = 256;
  std::optional<bool> norm_topk_prob;  // nothing: the architecture's; of a tritium-lab where top_k > 1
  int64_t window = 0;                  // of sliding layers; 0: there are none, or, of a maple, the context
  double rope_base = 10000.0;
  bool tied_head = false;
  LabDescription lab;  // of architecture "tritium-lab"
};

// {"architecture": "qwen3moe", "dim": 128, "layers": 4, "heads": 4, "kv_heads": 2, "head_dim": 32, "ffn": 256,
//  "experts": 8, "top_k": 2, "context": 256, "window": 0, "rope_base": 10000, "tied_head": false}
// A bitnet's head is the embedding unless "tied_head" is false; then other programs do not load the exported file.
// "norm_topk_prob": the weights of a token's experts are divided by their sum. With one expert a token that is 1
// whatever the router says, which then has no gradient: a tritium-lab does not divide there (Fedus et al. 2021, section
// 2.1). Of architectures that divide, other programs do so whatever the exported file says. Errors name the key.
Result<Description> parse_description(std::string_view json);

// As GGUF files of the architecture say it.
Result<Metadata> metadata_of(const Description& description, int64_t vocab_size);

// Matrices start normal with deviation 1 / sqrt(columns), those that write to the residual stream divided by
// sqrt(2 layers); every expert has its own draw, so experts differ from the start.
Result<MemoryTensorMap> make_transformer(std::string_view json, int64_t vocab_size, uint64_t seed);

}  // namespace tritium::training
