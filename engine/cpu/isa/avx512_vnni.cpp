#include "cpu/isa/avx512_vnni.h"

#include "cpu/kernels/table.h"

namespace tritium::cpu {

constinit const KernelTable kAvx512VnniKernels = table_of<Avx512Vnni>("avx512-vnni");

}  // namespace tritium::cpu
