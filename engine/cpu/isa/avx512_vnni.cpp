// Every family for 16 lanes of AVX-512.
#include "cpu/isa/avx512_vnni.h"

#include "cpu/kernels/table.h"

namespace tritium::cpu {

constinit const KernelSet kAvx512VnniKernels = kernels_over<Avx512Vnni>();

}  // namespace tritium::cpu
