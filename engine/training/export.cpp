#include "training/export.h"

#include <algorithm>
#include <cmath>

#include "base/format_text.h"
#include "format/codec.h"
#include "format/gguf.h"
#include "model/transformer.h"
#include "tensor/half.h"

namespace tritium::training {
namespace {

// llama.cpp's general.file_type of a file that is mostly …
int64_t file_type_of(StorageType type) {
  switch (type) {
    case StorageType::tq1_0: return 36;
    case StorageType::tq2_0: return 37;
    default: return 1;  // F16, the nearest that other programs know
  }
}

std::vector<int64_t> file_shape(const BitLinear& p) {
  if (role_of(p.name) == Role::norm) return {p.cols};
  if (p.name.ends_with("_exps.weight")) return {p.n_matrices, p.rows, p.cols};
  return {p.rows, p.cols};
}

StorageType storage_of(const BitLinear& p, ExportType type) {
  if (!p.ternary()) return p.shadow.dtype == DType::bf16 ? StorageType::bf16 : StorageType::f32;
  switch (type) {
    case ExportType::tq1_0: return StorageType::tq1_0;
    case ExportType::tq2_0: return StorageType::tq2_0;
    case ExportType::i2_s: return StorageType::i2_s;
    case ExportType::q2_0: return StorageType::q2_0;
    case ExportType::f16: return StorageType::f16;
    case ExportType::automatic: break;
  }
  const bool fine = p.group_size > 0 && p.group_size < 256;  // a scale for less than a TQ2_0 block
  if (p.cols % 256 == 0 && !fine) return StorageType::tq2_0;
  return p.cols % 64 == 0 && (p.group_size == 0 || p.group_size % 64 == 0) ? StorageType::q2_0 : StorageType::f16;
}

Result<std::vector<std::byte>> encode_values(Backend& backend, const BitLinear& p, const GgufTensor& tensor) {
  if (p.ternary() && tensor.type != StorageType::f16) {
    const Result<TernaryMatrix> trits = backend.download_weight(p.packed);
    if (!trits.ok()) return trits.status();
    return encode_ternary(trits->with_coarsest_scales(), tensor.type);
  }
  // Of trits: alpha times trit; of intN rows: what they multiply with.
  const Result<std::vector<float>> values = p.forward_values(backend);
  if (!values.ok()) return values.status();
  return encode_f32(*values, tensor.shape, tensor.type);
}

Result<GgufTensor> encode(Backend& backend, const BitLinear& p, ExportType type) {
  GgufTensor tensor{.name = p.name, .type = storage_of(p, type), .shape = file_shape(p), .bytes = {}};
  if (!p.ternary() && p.effective.data) tensor.type = StorageType::f32;
  Result<std::vector<std::byte>> bytes = encode_values(backend, p, tensor);
  if (!bytes.ok()) return bytes.status().within(p.name);
  tensor.bytes = *std::move(bytes);
  return tensor;
}

// Logits after every token, as an application that loads the file gets them.
Result<std::vector<float>> file_logits(const std::string& path, Ops& ops, std::span<const int32_t> tokens,
                                       bool int8_activations) {
  const Result<std::unique_ptr<TensorMap>> file = open_gguf(path, {});
  if (!file.ok()) return file.status();
  const Result<Config> config = read_config(**file);
  if (!config.ok()) return config.status();
  const Result<Weights> weights = load_weights(**file, *config, ops.backend(), {});
  if (!weights.ok()) return weights.status();
  const auto n = static_cast<int64_t>(tokens.size());
  Result<ForwardState> state =
      make_state(*config, ops.backend(),
                 {.capacity = n,
                  .batch = n,
                  .activations = int8_activations ? ActivationMode::int8_per_token : ActivationMode::f32});
  if (!state.ok()) return state.status();
  std::vector<float> logits(tokens.size() * static_cast<size_t>(config->vocab_size));
  if (Status s = forward(*config, *weights, *state, ops, tokens, 0, Logits::all, logits); !s.ok()) return s;
  return logits;
}

}  // namespace

Status check_export(const Transformer& model, ExportType type) {
  for (const BitLinear* p : model.parameters()) {
    if (p->mode != WeightMode::ternary && !p->ternary()) continue;
    const StorageType storage = storage_of(*p, type);
    const Result<uint64_t> bytes = storage_bytes(storage, file_shape(*p));
    if (!bytes.ok())
      return error(StatusCode::invalid_argument, p->name, " cannot be stored as ", traits_of(storage).name, ": ",
                   bytes.status().message(), "; export type auto chooses one that fits");
  }
  return Status();
}

Result<Exported> export_model(const std::string& path, Ops& ops, Arena& arena, Transformer& model,
                              const Metadata& metadata, ExportType type, std::span<const int32_t> tokens) {
  std::vector<GgufTensor> tensors;
  Exported result;
  StorageType ternary_type = StorageType::f16;
  for (const BitLinear* p : model.parameters()) {
    Result<GgufTensor> tensor = encode(ops.backend(), *p, type);
    if (!tensor.ok()) return tensor.status();
    result.tensor_bytes += tensor->bytes.size();
    if (p->ternary()) ternary_type = tensor->type;
    tensors.push_back(*std::move(tensor));
  }
  if (const std::vector<float>& factors = model.rope_factors(); !factors.empty()) {
    const std::vector<int64_t> shape = {static_cast<int64_t>(factors.size())};
    Result<std::vector<std::byte>> bytes = encode_f32(factors, shape, StorageType::f32);
    if (!bytes.ok()) return bytes.status();
    tensors.push_back({.name = "rope_freqs.weight", .type = StorageType::f32, .shape = shape, .bytes = *bytes});
  }
  Metadata written = metadata;
  written.set("general.file_type", file_type_of(ternary_type));
  if (Status s = write_gguf(path, written, tensors); !s.ok()) return s;

  // A file of F16 does not say that its weights are trits: programs multiply them with floats, and so does the check.
  const bool float_inputs = !model.recipe().int8_activations || ternary_type == StorageType::f16;
  const Result<std::vector<float>> stored = file_logits(path, ops, tokens, !float_inputs);
  if (!stored.ok()) return stored.status().within("the exported file");
  const std::vector<int32_t> unscored(tokens.size(), -1);
  const std::vector<float> trained =
      model.logits(ops, arena, {1, static_cast<int64_t>(tokens.size()), tokens, unscored}, float_inputs);
  if (Status s = ops.finish(); !s.ok()) return s;
  double largest = 0;
  for (size_t i = 0; i < trained.size(); ++i) {
    largest = std::max(largest, std::abs(double{trained[i]}));
    const double difference = std::abs(double{trained[i]} - (*stored)[i]);
    if (!(difference <= result.largest_difference)) result.largest_difference = difference;
  }
  if (!(result.largest_difference <= 1e-3 * std::max(largest, 1.0)))
    return error(StatusCode::internal, path, ": its logits differ from the trainer's by ", result.largest_difference,
                 " (largest ", largest, "); the checkpoint is unharmed");
  return result;
}

}  // namespace tritium::training
