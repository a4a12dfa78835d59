#ifndef TRITIUM_PARAMS_TOP_CANDIDATES_H
#define TRITIUM_PARAMS_TOP_CANDIDATES_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct TopCandidatesParams {
  uint n_rows;
  uint cols;
  uint k;        // 1 ... 64
  uint n_parts;  // that a kernel on a device cuts a row into
};
TRITIUM_CHECK_SIZE(TopCandidatesParams, 16)

TRITIUM_PARAMS_END

#endif
