// A trained model as a GGUF file, and the proof that the file is the model.
#pragma once

#include <functional>
#include <string>

#include "base/disk_room.h"
#include "format/gguf.h"
#include "tensor/metadata.h"
#include "train/transformer.h"

namespace tritium::training {

// Whether every tensor of the model can be written that way; names the first that cannot, and what would do.
// `has_file`: the model came from a file, for which an adapter can be written.
Status check_export(const Transformer& model, ExportType type, bool has_file);

// Whether what is written are LoRA adapters alone.
bool exports_adapter(const Transformer& model, ExportType type);
Status check_adapter_export(const Transformer& model, bool has_file);

struct Exported {
  uint64_t tensor_bytes = 0;
  double largest_difference = 0;  // between logits of the file and of the trainer
};

// The size of the file that will be written, known before the training; the metadata is that of export_model().
Result<uint64_t> export_bytes(const Transformer& model, const Metadata& metadata, ExportType type);
Result<uint64_t> adapter_bytes(const Transformer& model);

// Where a model goes, and the room that was held for it, which it takes.
struct Destination {
  std::string path;
  DiskRoom room{};
};

// Writes the file under a temporary name, loads it again and compares its logits on `tokens` (at least one) with the
// trainer's. Fails when they differ by more than 1e-3 of their largest magnitude; only what passed replaces what is
// there.
Result<Exported> export_model(Destination to, Ops& ops, Workspace& workspace, Transformer& model,
                              const Metadata& metadata, ExportType type, std::span<const int32_t> tokens);

// The same for the adapters of a model whose other weights are those of the file `base`.
Result<Exported> export_adapter(Destination to, const std::string& base, Ops& ops, Workspace& workspace,
                                Transformer& model, std::span<const int32_t> tokens);

// The difference that `check` finds in a file under its temporary name, which after it replaces what is there.
using FileCheck = std::function<Result<double>(const std::string& unchecked)>;
Result<double> replace_when_checked(Destination to, const Metadata& metadata, const std::vector<GgufTensor>& tensors,
                                    const FileCheck& check);

// The proof: the file is loaded as an application loads it, and its logits are compared with the trainer's.
struct ExportedFiles {
  std::string model;
  std::string adapter;  // LoRA adapters for it; empty: none
};

// The largest |logit of the file - logit of the trainer| after any of `tokens` (at least one), both with `inputs` for
// quantised weights. Fails when it is above 1e-3 of their largest magnitude.
Result<double> compare_with_file(const ExportedFiles& files, Ops& ops, Workspace& workspace, Transformer& model,
                                 ActivationMode inputs, std::span<const int32_t> tokens);

}  // namespace tritium::training
