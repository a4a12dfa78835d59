// LoRA adapters as a file beside the model they were trained for (model/adapters.h).
#include "base/format_text.h"
#include "format/codec.h"
#include "format/gguf.h"
#include "train/export.h"

namespace tritium::training {
namespace {

// What is written of an adapter, without its bytes.
GgufTensor outline_of(const BitLinear& p) {
  std::vector<int64_t> shape = {p.n_matrices, p.rows, p.cols};
  if (p.name.find("_exps.") == std::string::npos) shape.erase(shape.begin());
  return {.name = p.name,
          .type = p.shadow.dtype == DType::bf16 ? StorageType::bf16 : StorageType::f32,
          .shape = std::move(shape),
          .bytes = {}};
}

Metadata metadata_of(const Transformer& model) {
  Metadata metadata;
  metadata.set("general.architecture", model.config().architecture);
  metadata.set("general.type", std::string("adapter"));
  metadata.set("general.name", std::string("adapter trained with tritium"));
  metadata.set("adapter.type", std::string("lora"));
  metadata.set("adapter.lora.alpha", model.recipe().lora_alpha);
  return metadata;
}

}  // namespace

bool exports_adapter(const Transformer& model, ExportType type) {
  if (type != ExportType::automatic) return type == ExportType::adapter;
  bool any = false;
  for (const BitLinear* p : model.parameters()) {
    if (!p->trains()) continue;
    if (p->role != TensorRole::adapter) return false;
    any = true;
  }
  return any;
}

Status check_adapter_export(const Transformer& model, bool has_file) {
  bool any = false;
  for (const BitLinear* p : model.parameters()) {
    any = any || p->adapter_beside();
    if (p->adapter_inside())
      return error(StatusCode::invalid_argument, p->name,
                   " has its adapter inside the quantiser (lora_qat): the result is a ternary model, no adapter file");
    if (!p->trains() || p->role == TensorRole::adapter) continue;
    return error(StatusCode::invalid_argument, p->name,
                 " learns too, and an adapter file cannot hold it: freeze it (embedding, head, norms, routers: "
                 "frozen), or export the merged model (export type f16)");
  }
  if (!any) return error(StatusCode::invalid_argument, "no weights have adapters (mode lora) that could be exported");
  if (!has_file)
    return error(StatusCode::invalid_argument,
                 "adapters belong to a model file, and this one is trained from scratch; export the merged model");
  return Status();
}

Result<uint64_t> adapter_bytes(const Transformer& model) {
  std::vector<GgufTensor> tensors;
  for (const BitLinear* p : model.parameters())
    if (p->role == TensorRole::adapter) tensors.push_back(outline_of(*p));
  return gguf_bytes(metadata_of(model), tensors);
}

Result<Exported> export_adapter(Destination to, const std::string& base, Ops& ops, Workspace& workspace,
                                Transformer& model, std::span<const int32_t> tokens) {
  std::vector<GgufTensor> tensors;
  Exported result;
  for (const BitLinear* p : model.parameters()) {
    if (p->role != TensorRole::adapter) continue;
    GgufTensor tensor = outline_of(*p);
    const Result<std::vector<float>> values = p->values(ops.backend());
    if (!values.ok()) return values.status();
    Result<std::vector<std::byte>> bytes = encode_f32(*values, tensor.shape, tensor.type);
    if (!bytes.ok()) return bytes.status().within(p->name);
    result.tensor_bytes += bytes->size();
    tensor.bytes = *std::move(bytes);
    tensors.push_back(std::move(tensor));
  }
  const Result<double> difference =
      replace_when_checked(std::move(to), metadata_of(model), tensors, [&](const std::string& unchecked) {
        return compare_with_file({.model = base, .adapter = unchecked}, ops, workspace, model, model.activations(),
                                 tokens);
      });
  if (!difference.ok()) return difference.status();
  result.largest_difference = *difference;
  return result;
}

}  // namespace tritium::training
