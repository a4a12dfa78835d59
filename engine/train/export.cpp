#include "train/export.h"

#include "base/format_text.h"
#include "format/codec.h"
#include "format/gguf.h"

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
  if (p.role == TensorRole::norm) return {p.cols};
  if (p.name.ends_with("_exps.weight")) return {p.ternary() ? p.packed.n_matrices : p.n_matrices, p.rows, p.cols};
  return {p.rows, p.cols};
}

StorageType storage_of(const BitLinear& p, ExportType type) {
  if (p.adapter_beside()) return StorageType::f32;            // merged
  if (p.role == TensorRole::router) return StorageType::f32;  // as other programs read them
  if (!p.ternary()) {
    if (p.shadow.dtype == DType::f16) return StorageType::f16;
    return p.shadow.dtype == DType::bf16 ? StorageType::bf16 : StorageType::f32;
  }
  switch (type) {
    case ExportType::tq1_0: return StorageType::tq1_0;
    case ExportType::tq2_0: return StorageType::tq2_0;
    case ExportType::i2_s: return StorageType::i2_s;
    case ExportType::q2_0: return StorageType::q2_0;
    case ExportType::stq1_0: return StorageType::stq1_0;
    case ExportType::f16: return StorageType::f16;
    case ExportType::adapter:
    case ExportType::automatic: break;
  }
  if (p.sparse34) return StorageType::stq1_0;
  // Scales that are not trained are kept, whatever they are; those that are have been rounded to F16.
  const bool kept = p.mode == WeightMode::frozen || p.mode == WeightMode::stochastic;
  if (kept && p.beyond_f16)
    return p.one_scale && storage_bytes(StorageType::i2_s, file_shape(p)).ok() ? StorageType::i2_s : StorageType::f32;
  const bool fine = p.group_size > 0 && p.group_size < 256;  // a scale for less than a TQ2_0 block
  if (p.cols % 256 == 0 && !fine) return StorageType::tq2_0;
  return p.cols % 64 == 0 && (p.group_size == 0 || p.group_size % 64 == 0) ? StorageType::q2_0 : StorageType::f16;
}

// W + scale B A.
Result<std::vector<float>> merged_values(Backend& backend, const BitLinear& p) {
  Result<std::vector<float>> w = p.forward_values(backend);
  const Result<std::vector<float>> a = p.lora_a->values(backend), b = p.lora_b->values(backend);
  for (const Status& s : {w.status(), a.status(), b.status()})
    if (!s.ok()) return s;
  const int64_t rank = p.lora_a->rows;
  for (int64_t row = 0; row < p.n_matrices * p.rows; ++row)
    for (int64_t c = 0; c < p.cols; ++c) {
      double change = 0;
      for (int64_t r = 0; r < rank; ++r)
        change += double{(*b)[static_cast<size_t>(row * rank + r)]} *
                  (*a)[static_cast<size_t>((row / p.rows * rank + r) * p.cols + c)];
      float& value = (*w)[static_cast<size_t>(row * p.cols + c)];
      value = static_cast<float>(value + p.lora_scale * change);
    }
  return w;
}

Result<std::vector<std::byte>> encode_values(Backend& backend, const BitLinear& p, const GgufTensor& tensor) {
  if (p.adapter_beside()) {
    const Result<std::vector<float>> merged = merged_values(backend, p);
    if (!merged.ok()) return merged.status();
    return encode_f32(*merged, tensor.shape, tensor.type);
  }
  if (p.ternary() && traits_of(tensor.type).ternary) {
    const Result<TernaryMatrix> trits = backend.download_weight(p.packed);
    if (!trits.ok()) return trits.status();
    return encode_ternary(trits->with_coarsest_scales(), tensor.type);
  }
  // Of trits: alpha times trit; of intN rows: what they multiply with.
  const Result<std::vector<float>> values = p.forward_values(backend);
  if (!values.ok()) return values.status();
  return encode_f32(*values, tensor.shape, tensor.type);
}

// What is written of a weight, without its bytes.
GgufTensor outline_of(const BitLinear& p, ExportType type) {
  const bool rounded = !p.ternary() && p.effective.data;
  return {
      .name = p.name, .type = rounded ? StorageType::f32 : storage_of(p, type), .shape = file_shape(p), .bytes = {}};
}

GgufTensor rope_outline(const Transformer& model) {
  return {.name = "rope_freqs.weight",
          .type = StorageType::f32,
          .shape = {static_cast<int64_t>(model.rope_factors().size())},
          .bytes = {}};
}

// Numbers have one size, whichever it is.
Metadata with_file_type(Metadata metadata, int64_t type) {
  metadata.set("general.file_type", type);
  return metadata;
}

Result<GgufTensor> encode(Backend& backend, const BitLinear& p, ExportType type) {
  GgufTensor tensor = outline_of(p, type);
  Result<std::vector<std::byte>> bytes = encode_values(backend, p, tensor);
  if (!bytes.ok()) return bytes.status().within(p.name);
  tensor.bytes = *std::move(bytes);
  return tensor;
}

// Whether a product with the weight of the file has the same bits as here. Weights that are dense in the file (trits as
// F16, intN, merged adapters) take floats from whoever loads it, and those in smaller groups (Q2_0 has 64 columns) add
// up the same numbers in other parts: then both are compared with floats everywhere, for codes would differ wherever
// one tips over.
bool sums_alike(const BitLinear& p, StorageType type) {
  const StorageTraits& traits = traits_of(type);
  return traits.ternary && (p.group_size == 0 || traits.block_elements == p.group_size);
}

}  // namespace

Result<double> replace_when_checked(Destination to, const Metadata& metadata, const std::vector<GgufTensor>& tensors,
                                    const FileCheck& check) {
  const Result<uint64_t> bytes = gguf_bytes(metadata, tensors);
  if (!bytes.ok()) return bytes.status().within(to.path);
  Result<AtomicFile> file = AtomicFile::create(to.path);
  if (!file.ok()) return file.status();
  to.room.give_back();
  if (Status s = file->reserve(*bytes); !s.ok()) return s;
  if (Status s = write_gguf(*file, metadata, tensors); !s.ok()) return s;
  if (Status s = file->flush(); !s.ok()) return s;
  Result<double> difference = check(file->temporary_name());
  if (!difference.ok()) return difference.status().within(to.path + " is not written, nor is what stood there changed");
  if (Status s = file->commit(); !s.ok()) return s;
  return difference;
}

namespace {

// What a type has no room for among trits that learn, however they will come out; empty: nothing.
std::string why_not(const Transformer& model, const BitLinear& p, StorageType storage) {
  const WeightQuantizer* quantizer = model.quantizer_of(p);
  const StorageTraits& traits = traits_of(storage);
  if (!quantizer || !traits.ternary) return {};
  const int64_t n = quantizer->alpha().elements();
  if (storage == StorageType::i2_s && n > 1)
    return join(": it has one scale for a tensor, these weights learn with ", n, " (scale_sync)");
  if (storage == StorageType::stq1_0 && !p.sparse34)
    return ": one of each four trits is 0 there, as ternary_quantizer sparse34 makes them";
  if (p.group_size > 0 && p.group_size < traits.block_elements)
    return join(": it has a scale for ", traits.block_elements, " columns, these weights one for ", p.group_size);
  return {};
}

}  // namespace

Status check_export(const Transformer& model, ExportType type, bool has_file) {
  if (exports_adapter(model, type)) return check_adapter_export(model, has_file);
  for (const BitLinear* p : model.parameters()) {
    if (!p->ternary()) continue;
    const StorageType storage = storage_of(*p, type);
    const Result<uint64_t> bytes = storage_bytes(storage, file_shape(*p));
    if (!bytes.ok())
      return error(StatusCode::invalid_argument, p->name, " cannot be stored as ", traits_of(storage).name, ": ",
                   bytes.status().message(), "; export type auto chooses one that fits");
    if (const std::string why = why_not(model, *p, storage); !why.empty())
      return error(StatusCode::invalid_argument, p->name, " cannot be stored as ", traits_of(storage).name, why,
                   "; export type auto chooses one that fits");
  }
  return Status();
}

Result<uint64_t> export_bytes(const Transformer& model, const Metadata& metadata, ExportType type) {
  if (exports_adapter(model, type)) return adapter_bytes(model);
  std::vector<GgufTensor> tensors;
  for (const BitLinear* p : model.parameters())
    if (p->role != TensorRole::adapter) tensors.push_back(outline_of(*p, type));
  if (!model.rope_factors().empty()) tensors.push_back(rope_outline(model));
  return gguf_bytes(with_file_type(metadata, 0), tensors);
}

Result<Exported> export_model(Destination to, Ops& ops, Workspace& workspace, Transformer& model,
                              const Metadata& metadata, ExportType type, std::span<const int32_t> tokens) {
  std::vector<GgufTensor> tensors;
  Exported result;
  bool any_trits = false;
  ActivationMode inputs = model.activations();
  StorageType ternary_type = StorageType::f16;
  for (const BitLinear* p : model.parameters()) {
    if (p->role == TensorRole::adapter) continue;
    Result<GgufTensor> tensor = encode(ops.backend(), *p, type);
    if (!tensor.ok()) return tensor.status();
    result.tensor_bytes += tensor->bytes.size();
    // Inputs of routers are floats everywhere, and so are weights of integers; trits are added in another order.
    const bool router = p->role == TensorRole::router, alike = router && !p->ternary();
    if (!alike && p->takes_codes() && !sums_alike(*p, tensor->type)) inputs = ActivationMode::f32;
    if (!router && p->ternary() && !p->adapter_beside()) ternary_type = tensor->type, any_trits = true;
    tensors.push_back(*std::move(tensor));
  }
  if (const std::vector<float>& factors = model.rope_factors(); !factors.empty()) {
    GgufTensor tensor = rope_outline(model);
    Result<std::vector<std::byte>> bytes = encode_f32(factors, tensor.shape, tensor.type);
    if (!bytes.ok()) return bytes.status();
    tensor.bytes = *std::move(bytes);
    tensors.push_back(std::move(tensor));
  }
  const Metadata written = with_file_type(metadata, any_trits ? file_type_of(ternary_type) : 0);  // 0: all F32
  const Result<double> difference =
      replace_when_checked(std::move(to), written, tensors, [&](const std::string& unchecked) {
        return compare_with_file({.model = unchecked}, ops, workspace, model, inputs, tokens);
      });
  if (!difference.ok()) return difference.status();
  result.largest_difference = *difference;
  return result;
}

}  // namespace tritium::training
