#pragma once

#include "format/folder/config_reader.h"
#include "format/folder/folder_config.h"

namespace tritium {

// From `quantization_config` or `quantization`. What is wrong, or not implemented, is said by `config`.
FolderQuantization read_folder_quantization(ConfigReader& config);

}  // namespace tritium
