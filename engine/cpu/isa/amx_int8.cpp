// Products of many tokens with packed trits by tiles of AMX; of few as AVX-512 VBMI does them.
#include "cpu/isa/amx_int8.h"

#include "cpu/isa/avx512_vbmi.h"
#include "cpu/kernels/ternary_tiles.h"

namespace tritium::cpu {

constinit const TernaryKernels kAmxInt8Kernels = tiled_kernels<AmxTiles, Avx512Vbmi>();

}  // namespace tritium::cpu
