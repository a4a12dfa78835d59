// What the keys of a model file mean here. A model whose metadata announces mathematics that is not implemented is
// refused: running on would print gibberish.
#pragma once

#include <span>
#include <string>

#include "tensor/known_keys.h"
#include "tensor/tensor_map.h"
#include "tritium/status.hpp"

namespace tritium {

// Of the families general, the architecture's own, adapter, quantize and split. Those of tokenizer are in
// text/tokenizer_keys.h; other families are other programs' notes.
std::span<const KnownKey> model_keys();

// unsupported: a key that asks for what is not implemented, or one that is unknown where its name says that it would
// change the computation (below ARCH.rope., ARCH.attention., ARCH.expert… and the like).
Status refuse_unsupported(const TensorMap& source, const std::string& architecture);

// Which keys of these families are unknown and ignored; "": none.
std::string unknown_keys_warning(const Metadata& metadata);

}  // namespace tritium
