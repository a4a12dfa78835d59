// Vocabularies for models that are trained from scratch, as GGUF metadata that the tokenizer reads.
#pragma once

#include "tensor/metadata.h"

namespace tritium::training {

// A token for each byte, one for the space as this kind of vocabulary writes it, and <unk>, <s>, </s>: 260. Any text in
// any language, no training of a vocabulary needed.
Metadata byte_vocabulary();

}  // namespace tritium::training
