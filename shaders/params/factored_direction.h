#ifndef TRITIUM_PARAMS_FACTORED_DIRECTION_H
#define TRITIUM_PARAMS_FACTORED_DIRECTION_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

// Added to the mean squares of rows and columns, so that gradients below its root count as none (Shazeer & Stern 2018),
// and the least that a row's have of the mean of all rows.
#define TRITIUM_FACTORED_FLOOR 1e-30f

struct FactoredDirectionParams {
  uint n_matrices;
  uint rows;
  uint cols;
  uint chunk_rows;  // rows that a part of a column's sum covers
  float beta2;
  float correction2;
  float gradient_scale;
  float clip;  // the largest root mean square that a matrix's direction has
};
TRITIUM_CHECK_SIZE(FactoredDirectionParams, 32)

TRITIUM_PARAMS_END

#endif
