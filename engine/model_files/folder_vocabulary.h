// The vocabulary of a Hugging Face folder.
#pragma once

#include <string>

#include "tensor/metadata.h"
#include "tritium/status.hpp"

namespace tritium {

// As the keys of a GGUF file. `tokenizer` is the file tokenizer.json itself, which may have another name when it was
// given alone; what says more of it is looked for in the folder `path`.
Result<Metadata> read_folder_vocabulary(const std::string& path, const std::string& tokenizer);

}  // namespace tritium
