// A transformer described in JSON -> metadata and freshly initialised weights, as if they came from a file.
#pragma once

#include <string_view>

#include "tensor/tensor_map.h"

namespace tritium::training {

// {"architecture": "qwen3moe", "dim": 128, "layers": 4, "heads": 4, "kv_heads": 2, "head_dim": 32, "ffn": 256,
//  "experts": 8, "top_k": 2, "context": 256, "window": 0, "rope_base": 10000, "tied_head": false}
// A bitnet's head is the embedding unless "tied_head" is false; then other programs do not load the exported file.
// Matrices start normal with deviation 1 / sqrt(columns), those that write to the residual stream divided by
// sqrt(2 layers); every expert has its own draw, so experts differ from the start. Errors name the key.
Result<MemoryTensorMap> make_transformer(std::string_view json, int64_t vocab_size, uint64_t seed);

}  // namespace tritium::training
