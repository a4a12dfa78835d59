// Every family for 8 lanes of AVX2.
#include "cpu/isa/avx2.h"

#include "cpu/kernels/table.h"

namespace tritium::cpu {

constinit const KernelSet kAvx2Kernels = kernels_over<Avx2>();

}  // namespace tritium::cpu
