// Products with packed trits, base3 too.
#include "cpu/isa/avx512_vbmi.h"

#include "cpu/kernels/ternary_matmul.h"

namespace tritium::cpu {

constinit const TernaryKernels kAvx512VbmiKernels = ternary_kernels<Avx512Vbmi>();

}  // namespace tritium::cpu
