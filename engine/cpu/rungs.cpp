// The table of rungs, and the choice among them.
#include "cpu/rungs.h"

#include <algorithm>

#include "cpu/processor.h"

namespace tritium::cpu {
namespace {

constexpr Families all_of(const KernelSet& set) {
  return {&set.ternary, &set.packed, &set.floats, &set.shorts, &set.attention, &set.rows, &set.gradients, &set.updates};
}

// With gradients as they are.
constexpr ShortKernels kNoShorts = {};
constexpr Families floats_of(const KernelSet& set) {
  Families families = all_of(set);
  families.shorts = &kNoShorts;
  return families;
}

#if defined(__x86_64__)
// F16C is older than AVX2 on every processor that has both (and GCC 10's cpu_supports does not know it).
bool runs_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
bool runs_avx512_vnni() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vnni");
}
bool runs_avx512_vbmi() { return runs_avx512_vnni() && __builtin_cpu_supports("avx512vbmi"); }
#endif

constexpr Rung kRungs[] = {
#if defined(__x86_64__) && !defined(_WIN32)
    {"amx-int8", [] { return runs_avx512_vbmi() && int8_tiles() == Tiles::usable; }, {.ternary = &kAmxInt8Kernels}},
#endif
#if defined(__x86_64__)
    {"avx512-vbmi", runs_avx512_vbmi, {.ternary = &kAvx512VbmiKernels}},
    {"avx512-vnni", runs_avx512_vnni, all_of(kAvx512VnniKernels)},
    {"avx512-vnni-float", runs_avx512_vnni, floats_of(kAvx512VnniKernels)},
    {"avx-vnni", [] { return runs_avx2() && has_avx_vnni(); }, all_of(kAvxVnniKernels)},
    {"avx2", runs_avx2, all_of(kAvx2Kernels)},
#endif
#if defined(__aarch64__)
    {"neon-i8mm", [] { return has_neon_dot() && has_neon_i8mm(); }, {.ternary = &kNeonI8mmKernels}},
    {"neon-dot", has_neon_dot, all_of(kNeonDotKernels)},
    {"neon", [] { return true; }, all_of(kPortableKernels)},  // what 128-bit vectors are there
#else
    {"portable", [] { return true; }, all_of(kPortableKernels)},
#endif
};

}  // namespace

std::span<const Rung> rungs() { return kRungs; }

std::vector<Rung> usable_rungs(std::span<const Rung> rungs, std::string_view best) {
  std::vector<Rung> usable;
  std::ranges::copy_if(rungs, std::back_inserter(usable), [](const Rung& rung) { return rung.runs_here(); });
  const auto named = std::ranges::find(usable, best, &Rung::name);
  if (named != usable.end()) usable.erase(usable.begin(), named);
  return usable;
}

KernelSet kernels_of(std::span<const Rung> rungs) {
  KernelSet kernels = {};
  const auto replace = [](auto& family, const auto* by) {
    if (by) family = *by;
  };
  for (auto rung = rungs.rbegin(); rung != rungs.rend(); ++rung) {
    replace(kernels.ternary, rung->families.ternary);
    replace(kernels.packed, rung->families.packed);
    replace(kernels.floats, rung->families.floats);
    replace(kernels.shorts, rung->families.shorts);
    replace(kernels.attention, rung->families.attention);
    replace(kernels.rows, rung->families.rows);
    replace(kernels.gradients, rung->families.gradients);
    replace(kernels.updates, rung->families.updates);
  }
  return kernels;
}

}  // namespace tritium::cpu
