#ifndef TRITIUM_PARAMS_EMBEDDING_H
#define TRITIUM_PARAMS_EMBEDDING_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct EmbeddingParams {
  uint n_tokens;
  uint dim;
  uint row_stride;        // elements
  uint dtype;             // TRITIUM_DTYPE_* of the table
  uint group_size;        // trit2: columns a scale covers
  uint n_groups;          // trit2: scales a row has
  uint first_weight_row;  // the window of the table that is bound; tokens outside are left to another dispatch
  uint n_weight_rows;
};
TRITIUM_CHECK_SIZE(EmbeddingParams, 32)

TRITIUM_PARAMS_END

#endif
