// Models in several GGUF files, opened as one.
#pragma once

#include <memory>
#include <string>

#include "format/gguf.h"

namespace tritium {

// A GGUF file; where it is one part of several, all of them: NAME-00001-of-00003.gguf and so on, which lie beside it.
// not_found, corrupt_file: "PART: what": one is missing, or they do not belong together.
Result<std::unique_ptr<TensorMap>> open_whole_gguf(const std::string& path, const GgufOptions& options);

}  // namespace tritium
