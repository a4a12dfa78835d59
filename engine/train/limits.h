// Beyond any run, and small enough that a step's number times its sequences or tokens fits 64 bits.
#pragma once

#include <cstdint>

namespace tritium::training {

inline constexpr int64_t kMostSteps = int64_t{1} << 32;
inline constexpr int64_t kMostTokensOfAStep = (int64_t{1} << 31) - 1;

}  // namespace tritium::training
