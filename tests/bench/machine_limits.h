// What this machine can do at most, measured: the denominators of every fraction that tritium-bench prints.
#pragma once

#include <cstdint>

#include "base/thread_pool.h"

namespace tritium {

// GB/s of reading `bytes` again and again, each thread its own contiguous part: what a cache or the memory
// gives, depending on the size. Best of a few rounds.
double read_bandwidth_gb_s(ThreadPool& pool, int64_t bytes);

// 10^9 operations a second (a multiplication and an addition count as 2) of the int8 dot product instruction
// that the kernels of `simd_level` use, from registers. 0 where it is not known how to measure it.
double int8_peak_gop_s(ThreadPool& pool);

}  // namespace tritium
