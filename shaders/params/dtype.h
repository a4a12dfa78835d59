// Element types as shaders see them (tensor/dtype.h is the same list for C++).
#ifndef TRITIUM_PARAMS_DTYPE_H
#define TRITIUM_PARAMS_DTYPE_H

#define TRITIUM_DTYPE_F32 0
#define TRITIUM_DTYPE_F16 1
#define TRITIUM_DTYPE_BF16 2
#define TRITIUM_DTYPE_I8 3
#define TRITIUM_DTYPE_I32 4
#define TRITIUM_DTYPE_TRIT2 5
#define TRITIUM_DTYPE_Q8_0 6
#define TRITIUM_DTYPE_Q4_0 7
#define TRITIUM_DTYPE_Q4_K 8
#define TRITIUM_DTYPE_Q6_K 9

#endif
