// Arithmetic at the processor's peak: loops over registers alone, one for each kind of instruction that kernels use.
#pragma once

#include <cstdint>
#include <string_view>

namespace tritium::bench {

// Runs some 10 µs and gives the operations that it did (a multiplication and an addition are 2).
using PeakStep = double (*)();

// Int8 products with the vector instructions that the kernels of a rung that runs here use; of a rung that is not known
// those that every processor of the kind has. AMX is none of them.
PeakStep dot_peak_of(std::string_view rung);
// The same for multiply-adds of floats.
PeakStep fma_peak_of(std::string_view rung);
// Int8 products of tiles; null: this processor has none, or the system does not allow them. Asked now.
PeakStep amx_peak();

}  // namespace tritium::bench
