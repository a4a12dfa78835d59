// A model as the folder that would be converted into it.
#pragma once

#include <string>

#include "tests/model_files/folder_writer.h"
#include "tests/support/random_model.h"

namespace tritium {

enum class ExpertStyle { separate, stacked, fused };

struct FolderStyle {
  std::string model_class;   // "Qwen3ForCausalLM"; "Qwen3Model": names have no prefix, and no head
  std::string type = "F32";  // of floats
  bool packed = false;       // layers' matrices are U8; they have one scale each
  ExpertStyle experts = ExpertStyle::separate;
  std::string more_config = {};  // ",\"key\":value"
};

// `map` is random_model(options). Matrices are added to `folder` under Hugging Face's names.
void add_tensors(const TensorMap& map, const RandomModelOptions& options, const FolderStyle& style,
                 FolderWriter& folder);
std::string config_of(const RandomModelOptions& options, const FolderStyle& style);

}  // namespace tritium
