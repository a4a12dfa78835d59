// Rungs: which kernels this program has for which processors, a row each. A rung replaces the families that it names;
// the others stay those of the rung below.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "cpu/kernels.h"

namespace tritium::cpu {

struct Families {
  const TernaryKernels* ternary = nullptr;  // null: not replaced
  const FloatKernels* floats = nullptr;
  const AttentionKernels* attention = nullptr;
  const RowKernels* rows = nullptr;
  const GradientKernels* gradients = nullptr;
  const UpdateKernels* updates = nullptr;
};

// What a processor can do, as bits.
enum Feature : uint32_t {
  kAvx2 = 1 << 0,
  kFma = 1 << 1,
  kAvx512f = 1 << 2,
  kAvx512bw = 1 << 3,
  kAvx512vl = 1 << 4,
  kAvx512dq = 1 << 5,
  kAvx512Vnni = 1 << 6,
};
uint32_t features_of_this_processor();

struct Rung {
  std::string_view name;
  uint32_t needs;  // features
  Families families;
};

// Of this program, best first. The last one needs nothing and has every family.
std::span<const Rung> rungs();

// Those whose needs are met, from the one called `best` on, or all of them where none has that name.
std::vector<Rung> usable_rungs(std::span<const Rung> rungs, uint32_t features, std::string_view best);

// Each family of the first rung that has it.
KernelSet kernels_of(std::span<const Rung> rungs);

}  // namespace tritium::cpu
