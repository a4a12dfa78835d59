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
  const PackedKernels* packed = nullptr;
  const FloatKernels* floats = nullptr;
  const ShortKernels* shorts = nullptr;
  const AttentionKernels* attention = nullptr;
  const RowKernels* rows = nullptr;
  const GradientKernels* gradients = nullptr;
  const UpdateKernels* updates = nullptr;
};

struct Rung {
  std::string_view name;
  bool (*runs_here)();  // whether this processor has what it needs
  Families families;
};

// Of this program, best first. The last one runs everywhere and has every family.
std::span<const Rung> rungs();

// Those that run here, from the one called `best` on, or all of them where none has that name.
std::vector<Rung> usable_rungs(std::span<const Rung> rungs, std::string_view best);

// Each family of the first rung that has it.
KernelSet kernels_of(std::span<const Rung> rungs);

}  // namespace tritium::cpu
