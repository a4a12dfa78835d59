// Every family for 4 lanes of NEON, with its dot products.
#include "cpu/isa/neon_dot.h"

#include "cpu/kernels/table.h"

namespace tritium::cpu {

constinit const KernelSet kNeonDotKernels = kernels_over<NeonDot>();

}  // namespace tritium::cpu
