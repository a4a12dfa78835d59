#ifndef TRITIUM_PARAMS_EMBEDDING_BACKWARD_H
#define TRITIUM_PARAMS_EMBEDDING_BACKWARD_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct EmbeddingBackwardParams {
  uint n_tokens;
  uint vocab_size;
  uint dim;
};
TRITIUM_CHECK_SIZE(EmbeddingBackwardParams, 12)

TRITIUM_PARAMS_END

#endif
