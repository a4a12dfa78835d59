#include "cpu/isa/portable.h"

#include "cpu/kernels/table.h"

namespace tritium::cpu {

constinit const KernelTable kPortableKernels = table_of<Portable>(
#if defined(__aarch64__)
    "neon"  // what 128-bit vectors are there
#else
    "portable"
#endif
);

}  // namespace tritium::cpu
