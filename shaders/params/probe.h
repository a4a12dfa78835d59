// Parameters of the kernels in shaders/probe/, which measure a device and compute nothing of a model.
#ifndef TRITIUM_PARAMS_PROBE_H
#define TRITIUM_PARAMS_PROBE_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct ReadProbeParams {
  uint n_vectors;  // of 16 bytes; a power of two
  uint n_rounds;   // of 4 reads in each invocation
};
TRITIUM_CHECK_SIZE(ReadProbeParams, 8)

struct MultiplyAddProbeParams {
  uint n_rounds;  // of 64 multiply-adds in each invocation
  uint integers;  // 1: of 32-bit integers; 0: of floats
  uint seed;      // unknown to the compiler
};
TRITIUM_CHECK_SIZE(MultiplyAddProbeParams, 12)

struct TouchProbeParams {
  uint value;  // 0: nothing is written
};
TRITIUM_CHECK_SIZE(TouchProbeParams, 4)

TRITIUM_PARAMS_END

#endif
