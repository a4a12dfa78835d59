#include "simd/isa/avx512_vnni.h"

#include "simd/kernels/table.h"

namespace tritium::simd {

constinit const KernelTable kAvx512VnniKernels = table_of<Avx512Vnni>("avx512-vnni");

}  // namespace tritium::simd
