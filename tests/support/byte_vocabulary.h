// A vocabulary for models that nobody trained.
#pragma once

#include <cstdint>

#include "tensor/metadata.h"

namespace tritium {

// <unk>, <s>, </s>, the 256 bytes, and up to `size` names that no text spells.
void add_byte_vocabulary(Metadata& metadata, int64_t size = 3 + 256);

}  // namespace tritium
