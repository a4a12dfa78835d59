// Products of two tokens and more with packed trits by products of matrices; of one as NEON's dot products do them.
#include "cpu/isa/neon_i8mm.h"

#include "cpu/kernels/ternary_matmul.h"

namespace tritium::cpu {

constinit const TernaryKernels kNeonI8mmKernels = paired_kernels<NeonI8mm, NeonDot>();

}  // namespace tritium::cpu
