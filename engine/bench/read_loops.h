// Reading memory as fast as the processor can: loops that do nothing with it but add it up.
#pragma once

#include <cstdint>

namespace tritium::bench {

// `n` is a multiple of 64: the lines are read in pieces of 512 bytes. From memory: asks for lines some KB ahead, as
// kernels do; in caches that would be in the way.
int64_t read_all(const int64_t* values, int64_t n, bool from_memory);

}  // namespace tritium::bench
