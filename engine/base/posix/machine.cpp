#include "base/machine.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#if defined(__linux__) && defined(__x86_64__)
#include <sys/syscall.h>
#elif defined(__linux__) && defined(__aarch64__)
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace tritium {

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(std::min(line.find(':') + 2, line.size()));
  return {};
}

uint64_t physical_memory() {
#if defined(__linux__)
  return static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGE_SIZE));
#else
  return 0;
#endif
}

std::optional<uint64_t> system_randomness() {
  uint64_t number = 0;
  return ::getentropy(&number, sizeof number) == 0 ? std::optional(number) : std::nullopt;
}

uint64_t process_number() { return static_cast<uint64_t>(::getpid()); }

bool ask_for_tiles() {
#if defined(__linux__) && defined(__x86_64__)
  constexpr int kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM of arch_prctl(2)
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

bool has_arm_feature([[maybe_unused]] ArmFeature feature) {
#if defined(__linux__) && defined(__aarch64__)
  constexpr unsigned long kDotProducts = 1ul << 20, kByteMatrices = 1ul << 13;  // HWCAP_ASIMDDP, HWCAP2_I8MM
  return feature == ArmFeature::dot_products ? (getauxval(AT_HWCAP) & kDotProducts) != 0
                                             : (getauxval(AT_HWCAP2) & kByteMatrices) != 0;
#elif defined(__APPLE__) && defined(__aarch64__)
  const char* const name =
      feature == ArmFeature::dot_products ? "hw.optional.arm.FEAT_DotProd" : "hw.optional.arm.FEAT_I8MM";
  int there = 0;
  size_t size = sizeof there;
  return sysctlbyname(name, &there, &size, nullptr, 0) == 0 && there != 0;
#else
  return false;
#endif
}

}  // namespace tritium
