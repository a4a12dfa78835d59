// How much memory there is left.
#pragma once

#include <cstdint>

namespace tritium {

// Bytes that this process may still use without swapping; 0 when it is not known.
uint64_t available_memory();

}  // namespace tritium
