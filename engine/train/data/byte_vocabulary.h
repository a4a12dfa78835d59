// Vocabularies that need no training: one token a byte, or one token a character. They are written as the tokenizer
// metadata of a GGUF file, so that a model trained on them is read by every SentencePiece-style tokenizer.
#pragma once

#include <string_view>

#include "tensor/metadata.h"

namespace tritium {

// 259 tokens: <unk>, <s>, </s>, then byte b as token 3 + b. The space's token is the piece U+2581, because the
// tokenizer turns every space of a text into that character first; for the same reason U+2581 itself decodes as a
// space.
Metadata byte_vocabulary();

// <unk>, then one token for each distinct character of `text` by code point; what is not UTF-8 counts byte by byte.
// Characters that `text` lacks become <unk>. No beginning and no end token.
Metadata character_vocabulary(std::string_view text);

}  // namespace tritium
