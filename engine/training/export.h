// A trained model as a GGUF file, and the proof that the file is the model.
#pragma once

#include <string>

#include "tensor/metadata.h"
#include "training/transformer.h"

namespace tritium::training {

// Whether every tensor of the model can be written that way; names the first that cannot, and what would do.
Status check_export(const Transformer& model, ExportType type);

struct Exported {
  uint64_t tensor_bytes = 0;
  double largest_difference = 0;  // between logits of the file and of the trainer
};

// Writes the file (atomically), loads it again and compares its logits on `tokens` (at least one) with the trainer's.
// Fails when they differ by more than 1e-3 of their largest magnitude.
Result<Exported> export_model(const std::string& path, Ops& ops, Arena& arena, Transformer& model,
                              const Metadata& metadata, ExportType type, std::span<const int32_t> tokens);

}  // namespace tritium::training
