// make_maple FILE.gguf [architecture [layers]]: a random model in the shape and the types of Maple-20B-A1B (TQ2_0, a
// Q4_K head, a Q8_0 embedding): 5.7 GB, for measuring how fast such a file is loaded and run. Its text is noise. As
// "qwen3moe" other programs run it, too.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/counter_rng.h"
#include "format/gguf.h"
#include "tensor/half.h"

namespace tritium {
namespace {

constexpr int64_t kDim = 2048, kFfn = 512, kExperts = 256, kVocabulary = 151936;

// Bytes, and names for all other tokens, which no text spells.
void add_vocabulary(Metadata& m) {
  constexpr int64_t kUnknown = 2, kControl = 3, kUnused = 5, kByte = 6;
  std::vector<std::string> tokens = {"<unk>", "<s>", "</s>"};
  std::vector<int64_t> kinds = {kUnknown, kControl, kControl};
  for (int byte = 0; byte < 256; ++byte) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", byte);
    tokens.emplace_back(name);
    kinds.push_back(kByte);
  }
  for (auto i = static_cast<int64_t>(tokens.size()); i < kVocabulary; ++i) {
    tokens.push_back("<t" + std::to_string(i) + ">");
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

Metadata metadata_of(const std::string& arch, int64_t layers) {
  Metadata m;
  m.set("general.architecture", arch);
  m.set("general.name", "random values in the shape of Maple-20B-A1B");
  add_vocabulary(m);
  const auto set = [&](const char* key, auto value) { m.set(arch + "." + key, value); };
  set("block_count", layers);
  set("context_length", int64_t{131072});
  set("embedding_length", kDim);
  set("feed_forward_length", kFfn);
  set("vocab_size", kVocabulary);
  set("attention.head_count", int64_t{16});
  set("attention.head_count_kv", int64_t{4});
  set("attention.key_length", int64_t{128});
  set("attention.value_length", int64_t{128});
  set("attention.layer_norm_rms_epsilon", 1e-6);
  set("rope.freq_base", 10000.0);
  set("expert_count", kExperts);
  set("expert_used_count", int64_t{8});
  set("expert_feed_forward_length", kFfn);
  if (arch == "maple") {
    set("rope.dimension_count", int64_t{64});
    set("attention.sliding_window", int64_t{512});
    set("swiglu_clamp_exp", 7.0);
  }
  return m;
}

std::vector<GgufTensor> tensors_of(int64_t layers) {
  std::vector<GgufTensor> tensors;
  const auto add = [&](const std::string& name, StorageType type, std::vector<int64_t> shape) {
    tensors.push_back({.name = name + ".weight", .type = type, .shape = std::move(shape), .bytes = {}});
  };
  add("token_embd", StorageType::q8_0, {kVocabulary, kDim});
  for (int64_t i = 0; i < layers; ++i) {
    const std::string b = "blk." + std::to_string(i) + ".";
    add(b + "attn_norm", StorageType::f32, {kDim});
    add(b + "attn_q", StorageType::tq2_0, {2048, kDim});
    add(b + "attn_k", StorageType::tq2_0, {512, kDim});
    add(b + "attn_v", StorageType::tq2_0, {512, kDim});
    add(b + "attn_q_norm", StorageType::f32, {128});
    add(b + "attn_k_norm", StorageType::f32, {128});
    add(b + "attn_output", StorageType::tq2_0, {kDim, 2048});
    add(b + "ffn_norm", StorageType::f32, {kDim});
    add(b + "ffn_gate_inp", StorageType::f32, {kExperts, kDim});
    add(b + "ffn_gate_exps", StorageType::tq2_0, {kExperts, kFfn, kDim});
    add(b + "ffn_up_exps", StorageType::tq2_0, {kExperts, kFfn, kDim});
    add(b + "ffn_down_exps", StorageType::tq2_0, {kExperts, kDim, kFfn});
  }
  add("output_norm", StorageType::f32, {kDim});
  add("output", StorageType::q4_k, {kVocabulary, kDim});
  return tensors;
}

// Random bytes, with scales of about 1 / sqrt(columns): as many blocks as a megabyte has.
std::vector<std::byte> some_blocks(StorageType type, int64_t cols, uint64_t seed) {
  const auto size = static_cast<size_t>(traits_of(type).block_bytes);
  std::vector<std::byte> bytes((size_t{1} << 20) / size * size);
  for (size_t i = 0; i + 8 <= bytes.size(); i += 8) {
    uint64_t bits = random_bits(seed, i);
    if (type == StorageType::tq2_0) bits &= ~((bits & (bits >> 1) & 0x5555555555555555u) << 1);  // no code 3
    std::memcpy(&bytes[i], &bits, 8);
  }
  const auto spread = 1.0f / std::sqrt(static_cast<float>(cols));
  const auto put = [&](size_t at, float value) {
    const uint16_t half = f32_to_f16(value);
    std::memcpy(&bytes[at], &half, 2);
  };
  for (size_t at = 0; at + size <= bytes.size(); at += size) {
    switch (type) {
      case StorageType::tq2_0: put(at + size - 2, 1.2f * spread); break;
      case StorageType::q8_0: put(at, 0.02f / 74); break;
      case StorageType::q4_k: put(at, spread / 300), put(at + 2, spread / 40); break;
      default: {  // norms and routers
        const float value = 1.0f + 0.1f * static_cast<float>(random_unit(seed, at) - 0.5);
        std::memcpy(&bytes[at], &value, 4);
      }
    }
  }
  return bytes;
}

Status write_values(AtomicFile& file, const GgufTensor& t, uint64_t seed) {
  const Result<uint64_t> bytes = storage_bytes(t.type, t.shape);
  if (!bytes.ok()) return bytes.status();
  const std::vector<std::byte> some = some_blocks(t.type, t.shape.back(), seed);
  for (uint64_t done = 0; done < *bytes; done += some.size())
    if (Status s = file.write(std::span(some).first(std::min<uint64_t>(some.size(), *bytes - done))); !s.ok()) return s;
  const std::vector<std::byte> padding((32 - *bytes % 32) % 32);
  return file.write(padding);
}

Status make_maple(const std::string& path, const std::string& architecture, int64_t layers) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file.ok()) return file.status();
  const std::vector<GgufTensor> tensors = tensors_of(layers);
  const Result<std::vector<std::byte>> header = gguf_header(metadata_of(architecture, layers), tensors);
  if (!header.ok()) return header.status();
  if (Status s = file->write(*header); !s.ok()) return s;
  for (size_t i = 0; i < tensors.size(); ++i)
    if (Status s = write_values(*file, tensors[i], i); !s.ok()) return s;
  return file->commit();
}

}  // namespace
}  // namespace tritium

int main(int argc, char** argv) {
  const int64_t layers = argc > 3 ? std::atoll(argv[3]) : 24;
  if (argc < 2 || argc > 4 || layers < 1) {
    std::fprintf(stderr, "usage: make_maple FILE.gguf [maple | qwen3moe [LAYERS]]\n");
    return 2;
  }
  const tritium::Status status = tritium::make_maple(argv[1], argc > 2 ? argv[2] : "maple", layers);
  if (!status.ok()) std::fprintf(stderr, "make_maple: %s\n", status.message().c_str());
  return status.ok() ? 0 : 1;
}
