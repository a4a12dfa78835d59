#include "cpu/processor.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "base/machine.h"

namespace tritium::cpu {
namespace {

[[maybe_unused]] bool bit(unsigned long value, int number) { return (value >> number & 1u) != 0; }

#if defined(__x86_64__)
struct Registers {
  unsigned a = 0, b = 0, c = 0, d = 0;
};

// Leaf 7, the extended features; zeros where the processor has no such subleaf.
Registers extended_features(unsigned subleaf) {
  Registers r;
  if (!__get_cpuid_count(7, 0, &r.a, &r.b, &r.c, &r.d) || r.a < subleaf) return {};
  if (subleaf > 0) __cpuid_count(7, subleaf, r.a, r.b, r.c, r.d);
  return r;
}

Tiles find_int8_tiles() {
  constexpr int kTile = 24, kInt8 = 25;
  const unsigned features = extended_features(0).d;
  if (!bit(features, kTile) || !bit(features, kInt8)) return Tiles::none;
  return ask_for_tiles() ? Tiles::usable : Tiles::refused;
}
#endif

}  // namespace

bool has_avx_vnni() {
#if defined(__x86_64__)
  return bit(extended_features(1).a, 4);
#else
  return false;
#endif
}

bool has_neon_dot() { return has_arm_feature(ArmFeature::dot_products); }
bool has_neon_i8mm() { return has_arm_feature(ArmFeature::byte_matrices); }

Tiles int8_tiles() {
#if defined(__x86_64__)
  static const Tiles found = find_int8_tiles();
  return found;
#else
  return Tiles::none;
#endif
}

}  // namespace tritium::cpu
