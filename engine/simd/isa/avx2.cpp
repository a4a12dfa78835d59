#include "simd/isa/avx2.h"

#include "simd/kernels/table.h"

namespace tritium::simd {

constinit const KernelTable kAvx2Kernels = table_of<Avx2>("avx2");

}  // namespace tritium::simd
