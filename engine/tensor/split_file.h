// Models in several files: llama-gguf-split writes NAME-00001-of-00003.gguf and so on, with the keys split.no (from 0)
// and split.count. A part is not a model.
#pragma once

#include <string>

#include "tensor/tensor_map.h"
#include "tritium/status.hpp"

namespace tritium {

// unsupported: the keys say that `source` is one part of several. The message has the command that joins them.
Status refuse_part(const TensorMap& source);

// By the name alone, for files that cannot be read: "…; by its name it is part 2 of 3: …", or "".
std::string part_by_name(const std::string& path);

}  // namespace tritium
