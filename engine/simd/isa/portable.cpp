#include "simd/isa/portable.h"

#include "simd/kernels/table.h"

namespace tritium::simd {

constinit const KernelTable kPortableKernels = table_of<Portable>(
#if defined(__aarch64__)
    "neon"  // what 128-bit vectors are there
#else
    "portable"
#endif
);

}  // namespace tritium::simd
