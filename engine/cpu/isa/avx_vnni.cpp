// Every family for 8 lanes of AVX2, with the byte products of AVX-VNNI.
#include "cpu/isa/avx_vnni.h"

#include "cpu/kernels/table.h"

namespace tritium::cpu {

constinit const KernelSet kAvxVnniKernels = kernels_over<AvxVnni>();

}  // namespace tritium::cpu
