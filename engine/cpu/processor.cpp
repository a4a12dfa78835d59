#include "cpu/processor.h"

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
#endif

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

bool system_gives_tiles() {
#if defined(__linux__)
  constexpr int kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM of arch_prctl(2)
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

Tiles find_int8_tiles() {
  constexpr int kTile = 24, kInt8 = 25;
  const unsigned features = extended_features(0).d;
  if (!bit(features, kTile) || !bit(features, kInt8)) return Tiles::none;
  return system_gives_tiles() ? Tiles::usable : Tiles::refused;
}
#elif defined(__aarch64__) && defined(__APPLE__)
bool system_names(const char* feature) {
  int there = 0;
  size_t size = sizeof there;
  return sysctlbyname(feature, &there, &size, nullptr, 0) == 0 && there != 0;
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

bool has_neon_dot() {
#if defined(__aarch64__) && defined(__linux__)
  return bit(getauxval(AT_HWCAP), 20);  // HWCAP_ASIMDDP
#elif defined(__aarch64__) && defined(__APPLE__)
  return system_names("hw.optional.arm.FEAT_DotProd");
#else
  return false;
#endif
}

bool has_neon_i8mm() {
#if defined(__aarch64__) && defined(__linux__)
  return bit(getauxval(AT_HWCAP2), 13);  // HWCAP2_I8MM
#elif defined(__aarch64__) && defined(__APPLE__)
  return system_names("hw.optional.arm.FEAT_I8MM");
#else
  return false;
#endif
}

Tiles int8_tiles() {
#if defined(__x86_64__)
  static const Tiles found = find_int8_tiles();
  return found;
#else
  return Tiles::none;
#endif
}

}  // namespace tritium::cpu
