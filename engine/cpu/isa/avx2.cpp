#include "cpu/isa/avx2.h"

#include "cpu/kernels/table.h"

namespace tritium::cpu {

constinit const KernelTable kAvx2Kernels = table_of<Avx2>("avx2");

}  // namespace tritium::cpu
