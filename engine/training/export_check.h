// The proof that an exported file is the model that was trained: it is loaded as an application loads it, and its
// logits are compared with the trainer's.
#pragma once

#include <string>

#include "training/transformer.h"

namespace tritium::training {

struct ExportedFiles {
  std::string model;
  std::string adapter;  // LoRA adapters for it; empty: none
};

// The largest |logit of the file - logit of the trainer| after any of `tokens` (at least one). Fails when it is above
// 1e-3 of their largest magnitude.
Result<double> compare_with_file(const ExportedFiles& files, Ops& ops, Workspace& workspace, Transformer& model,
                                 InputKind inputs, std::span<const int32_t> tokens);

}  // namespace tritium::training
