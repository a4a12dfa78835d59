#include "tests/fuzz/model_file.h"

#include <variant>

#include "format/codec.h"
#include "model/metadata_keys.h"
#include "tests/format/gguf_bytes.h"
#include "tests/support/random_model.h"
#include "text/tokenizer_keys.h"

namespace tritium::fuzz {
namespace {

constexpr int64_t kVocabulary = 24;

// <unk>, <s>, </s>, then the space's sign and letters.
void add_vocabulary(Metadata& m) {
  std::vector<std::string> tokens = {"<unk>", "<s>", "</s>", "\xE2\x96\x81"};
  std::vector<int64_t> kinds = {2, 3, 3, 1};
  while (std::ssize(tokens) < kVocabulary) {
    tokens.emplace_back(1, static_cast<char>('a' + tokens.size() - 4));
    kinds.push_back(1);
  }
  m.set("tokenizer.ggml.model", std::string("llama"));
  m.set("tokenizer.ggml.scores", std::vector<double>(tokens.size(), 0.0));
  m.set("tokenizer.ggml.token_type", kinds);
  m.set("tokenizer.ggml.tokens", tokens);
  m.set("tokenizer.ggml.bos_token_id", int64_t{1});
  m.set("tokenizer.ggml.eos_token_id", int64_t{2});
}

// What a value looks like behind its key.
struct PutValue {
  GgufBytes bytes{0, 0};
  void operator()(bool v) { bytes.put<uint32_t>(kBool).put<uint8_t>(v); }
  void operator()(int64_t v) { bytes.put<uint32_t>(kU32).put(static_cast<uint32_t>(v)); }
  void operator()(uint64_t v) { bytes.put<uint32_t>(kU64).put(v); }
  void operator()(double v) { bytes.put<uint32_t>(kF32).put(static_cast<float>(v)); }
  void operator()(const std::string& v) { bytes.put<uint32_t>(kString).text(v); }
  void operator()(const std::vector<bool>&) {}
  void operator()(const std::vector<int64_t>& values) {
    array(kI32, values.size());
    for (int64_t v : values) bytes.put(static_cast<int32_t>(v));
  }
  void operator()(const std::vector<double>& values) {
    array(kF32, values.size());
    for (double v : values) bytes.put(static_cast<float>(v));
  }
  void operator()(const std::vector<std::string>& values) {
    array(kString, values.size());
    for (const std::string& v : values) bytes.text(v);
  }
  void array(GgufKind kind, uint64_t n) { bytes.put<uint32_t>(kArray).put<uint32_t>(kind).put(n); }
};

std::string value_bytes(const MetadataValue& value) {
  PutValue put;
  put.bytes.bytes.clear();
  std::visit(put, static_cast<const MetadataVariant&>(value));
  return put.bytes.bytes;
}

Result<std::vector<std::byte>> encode(const MemoryTensorMap& map, const TensorInfo& info, StorageType& type) {
  type = info.ternary ? StorageType::q2_0 : info.shape.size() > 1 ? StorageType::f16 : StorageType::f32;
  if (!info.ternary) return encode_f32(*map.load_f32(info.name), info.shape, type);
  TernaryMatrix matrix = *map.load_ternary(info.name);
  for (float& scale : matrix.scales()) scale = 0.125f;  // f16 holds it
  return encode_ternary(matrix, type);
}

// Numbers at which checks begin or end, beside those that come by chance.
int64_t chosen_number(Choices& choices) {
  constexpr int64_t kEdges[] = {0, 1, 2, -1, 3, 7, 8, 16, 31, 32, 63, 64, 65, 127, 128, 255, 256, 1 << 16, 1 << 20};
  switch (choices.take<uint8_t>() % 4) {
    case 0: return choices.take<int64_t>();
    case 1: return int64_t{1} << choices.below(63);
    case 2: return choices.take<int8_t>();
    default: return kEdges[choices.below(std::size(kEdges))];
  }
}

std::string chosen_value(Choices& choices) {
  PutValue put;
  put.bytes.bytes.clear();
  const auto kind = static_cast<GgufKind>(choices.below(14));  // one that there is not, too
  const auto element = [&](GgufKind of) {
    switch (of) {
      case kU8:
      case kI8:
      case kBool: put.bytes.put(static_cast<uint8_t>(chosen_number(choices))); break;
      case kU16:
      case kI16: put.bytes.put(static_cast<uint16_t>(chosen_number(choices))); break;
      case kU32:
      case kI32: put.bytes.put(static_cast<uint32_t>(chosen_number(choices))); break;
      case kF32: put.bytes.put(choices.take<float>()); break;
      case kF64: put.bytes.put(choices.take<double>()); break;
      case kString: put.bytes.text(choices.short_text()); break;
      default: put.bytes.put(chosen_number(choices)); break;
    }
  };
  put.bytes.put<uint32_t>(kind);
  if (kind != kArray) return element(kind), put.bytes.bytes;
  const auto of = static_cast<GgufKind>(choices.below(13));
  const size_t n = choices.below(40);
  put.bytes.put<uint32_t>(of).put<uint64_t>(choices.take<uint8_t>() == 0 ? chosen_number(choices) : n);
  for (size_t i = 0; i < n; ++i) element(of);
  return put.bytes.bytes;
}

// A key that the model may lack, of those that have a meaning.
std::string chosen_key(const std::string& architecture, Choices& choices) {
  const std::span<const KnownKey> of_models = model_keys(), of_tokenizers = tokenizer_keys();
  const size_t which = choices.below(of_models.size() + of_tokenizers.size());
  return key_in_file(which < of_models.size() ? of_models[which] : of_tokenizers[which - of_models.size()],
                     architecture);
}

void change_key(ModelFile& model, Choices& choices) {
  switch (choices.take<uint8_t>() % 4) {
    case 0: model.keys.erase(model.keys.begin() + static_cast<std::ptrdiff_t>(choices.below(model.keys.size()))); break;
    case 1: {
      const std::string& some = model.keys[model.keys.size() / 2].name;
      const std::string name = chosen_key(some.substr(0, some.find('.')), choices);
      model.keys.push_back({name, chosen_value(choices)});
      break;
    }
    default: model.keys[choices.below(model.keys.size())].value = chosen_value(choices); break;
  }
}

void change_tensor(ModelFile& model, Choices& choices) {
  RawTensor& tensor = model.tensors[choices.below(model.tensors.size())];
  switch (choices.take<uint8_t>() % 6) {
    case 0: tensor.type = choices.take<uint8_t>() % 48; break;
    case 1: tensor.offset = static_cast<uint64_t>(chosen_number(choices)); break;
    case 2: tensor.dims.resize(choices.below(6), 1); break;
    case 3: tensor.name = model.tensors[choices.below(model.tensors.size())].name; break;
    default:
      if (!tensor.dims.empty())
        tensor.dims[choices.below(tensor.dims.size())] = static_cast<uint64_t>(chosen_number(choices));
  }
}

void change_data(ModelFile& model, Choices& choices) {
  if (choices.flag()) model.data.resize(choices.below(model.data.size() + 64));
  for (uint8_t n = choices.take<uint8_t>() % 8; n > 0 && !model.data.empty(); --n)
    model.data[choices.take<uint32_t>() % model.data.size()] = choices.take<char>();
}

}  // namespace

std::string ModelFile::bytes() const {
  GgufBytes out(tensors.size(), keys.size());
  for (const RawKey& key : keys) {
    out.text(key.name);
    out.bytes += key.value;
  }
  for (const RawTensor& t : tensors) out.tensor(t.name, t.dims, t.type, t.offset);
  out.align();
  return out.bytes + data;
}

std::string key_in_file(const KnownKey& key, const std::string& architecture) {
  constexpr std::string_view kArch = "ARCH";
  std::string name(key.name);
  if (name.starts_with(kArch)) name.replace(0, kArch.size(), architecture);
  if (name.ends_with('*')) name.back() = '0';
  return name;
}

ModelFile small_model(const std::string& architecture, bool ternary) {
  const bool experts = architecture != "llama" && architecture != "bitnet";
  const int64_t head_dim = ternary ? 32 : 8, dim = 2 * head_dim;  // a row of trits is a block
  MemoryTensorMap map = random_model({.architecture = architecture,
                                      .vocab_size = kVocabulary,
                                      .dim = dim,
                                      .n_layers = 1,
                                      .n_heads = 2,
                                      .n_kv_heads = 1,
                                      .head_dim = head_dim,
                                      .rope_dims = head_dim,
                                      .ffn_dim = dim,
                                      .n_experts = experts ? 3 : 0,
                                      .context_length = 32,
                                      .ternary = ternary});
  add_vocabulary(map.mutable_metadata());
  ModelFile file;
  for (const auto& [name, value] : map.metadata().values()) file.keys.push_back({name, value_bytes(value)});
  for (const TensorInfo& info : map.tensors()) {
    StorageType type = StorageType::f32;
    const Result<std::vector<std::byte>> bytes = encode(map, info, type);
    require(bytes.ok(), "a small model is encoded");
    file.tensors.push_back(
        {info.name, {info.shape.rbegin(), info.shape.rend()}, traits_of(type).ggml_id, file.data.size()});
    file.data.append(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    file.data.resize((file.data.size() + 31) / 32 * 32);
  }
  return file;
}

void change(ModelFile& model, Choices& choices) {
  for (int n = 0; n < 8 && !choices.empty() && !model.keys.empty(); ++n) switch (choices.take<uint8_t>() % 8) {
      case 0:
      case 1:
      case 2:
      case 3: change_key(model, choices); break;
      case 4:
      case 5: change_tensor(model, choices); break;
      default: change_data(model, choices); break;
    }
}

}  // namespace tritium::fuzz
