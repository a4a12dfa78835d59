// Models in several files: llama-gguf-split writes NAME-00001-of-00003.gguf and so on, with the keys split.no (from 0)
// and split.count. A part is not a model.
#pragma once

#include <optional>
#include <string>

#include "tensor/tensor_map.h"
#include "tritium/status.hpp"

namespace tritium {

// What the name of a part says.
struct PartName {
  std::string stem;  // before "-00001-of-00003.gguf"
  int number = 0;    // from 1
  int count = 0;     // from 2
};
std::optional<PartName> part_name(const std::string& path);  // nullopt: it is not the name of a part
std::string path_of(const PartName& part);

// unsupported: the keys say that `source` is one part of several. The message has the command that joins them.
Status refuse_part(const TensorMap& source);

// By the name alone, for files that cannot be read: "…; by its name it is part 2 of 3: …", or "".
std::string part_by_name(const std::string& path);

}  // namespace tritium
