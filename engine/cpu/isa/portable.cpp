// Every family for 4 lanes of whatever the compiler's base instruction set is.
#include "cpu/isa/portable.h"

#include "cpu/kernels/table.h"

namespace tritium::cpu {

constinit const KernelSet kPortableKernels = kernels_over<Portable>();

}  // namespace tritium::cpu
