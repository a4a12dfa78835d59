// make_model FILE.gguf [architecture [tensor]]: writes a small random mixture-of-experts model with a byte vocabulary.
// Its text is noise; it shows that a machine can run a model when no trained one is at hand. The values of `tensor`,
// which is one of floats, become so large that what is computed with them is not finite.
#include <cstdio>
#include <string>
#include <vector>

#include "format/codec.h"
#include "format/gguf.h"
#include "tests/support/byte_vocabulary.h"
#include "tests/support/random_model.h"

namespace tritium {
namespace {

Result<std::vector<GgufTensor>> encode(const MemoryTensorMap& map) {
  std::vector<GgufTensor> tensors;
  for (const TensorInfo& info : map.tensors()) {
    const StorageType type = info.ternary ? StorageType::tq2_0 : StorageType::f32;
    Result<std::vector<std::byte>> bytes(Status(StatusCode::internal, "not encoded"));
    if (info.ternary) {
      // TQ2_0 keeps scales as f16: round them first, as a converter would.
      TernaryMatrix matrix = *map.load_ternary(info.name);
      for (float& scale : matrix.scales()) scale = 1.0f / 16.0f;
      bytes = encode_ternary(matrix, type);
    } else {
      bytes = encode_f32(*map.load_f32(info.name), info.shape, type);
    }
    if (!bytes.ok()) return bytes.status().within(info.name);
    tensors.push_back({.name = info.name, .type = type, .shape = info.shape, .bytes = *std::move(bytes)});
  }
  return tensors;
}

Status make_model(const std::string& path, const std::string& architecture, const std::string& huge) {
  constexpr int64_t kVocabulary = 3 + 256;
  MemoryTensorMap map = random_model({.architecture = architecture,
                                      .vocab_size = kVocabulary,
                                      .dim = 256,
                                      .n_layers = 4,
                                      .n_heads = 4,
                                      .n_kv_heads = 2,
                                      .head_dim = 64,
                                      .rope_dims = 32,
                                      .ffn_dim = 256,
                                      .n_experts = 8,
                                      .context_length = 512,
                                      .window = 64});
  add_byte_vocabulary(map.mutable_metadata(), kVocabulary);
  if (!huge.empty()) {
    Result<std::vector<float>> values = map.load_f32(huge);
    if (!values.ok()) return values.status();
    map.add(huge, map.find(huge)->shape, std::vector<float>(values->size(), 3e38f));
  }
  const Result<std::vector<GgufTensor>> tensors = encode(map);
  if (!tensors.ok()) return tensors.status();
  return write_gguf(path, map.metadata(), *tensors);
}

}  // namespace
}  // namespace tritium

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::fprintf(stderr, "usage: make_model FILE.gguf [maple | qwen3moe | olmoe | llama [TENSOR]]\n");
    return 2;
  }
  const tritium::Status status = tritium::make_model(argv[1], argc > 2 ? argv[2] : "maple", argc > 3 ? argv[3] : "");
  if (!status.ok()) std::fprintf(stderr, "make_model: %s\n", status.message().c_str());
  return status.ok() ? 0 : 1;
}
