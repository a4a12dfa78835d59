#include "base/machine.h"

#include <windows.h>
// after windows.h
#include <bcrypt.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <cstring>

namespace tritium {

std::string processor_name() {
#if defined(__x86_64__)
  constexpr unsigned kFirst = 0x80000002, kLast = 0x80000004;  // 16 characters each
  char name[3 * 16 + 1] = {};
  for (unsigned leaf = kFirst; leaf <= kLast; ++leaf) {
    unsigned words[4] = {};
    if (!__get_cpuid(leaf, &words[0], &words[1], &words[2], &words[3])) return {};
    std::memcpy(name + (leaf - kFirst) * sizeof words, words, sizeof words);
  }
  const std::string text = name;
  const size_t first = text.find_first_not_of(' ');
  return first == text.npos ? std::string() : text.substr(first, text.find_last_not_of(' ') + 1 - first);
#else
  return {};
#endif
}

uint64_t physical_memory() {
  MEMORYSTATUSEX memory = {};
  memory.dwLength = sizeof memory;
  return ::GlobalMemoryStatusEx(&memory) ? memory.ullTotalPhys : 0;
}

std::optional<uint64_t> system_randomness() {
  uint64_t number = 0;
  const NTSTATUS status = ::BCryptGenRandom(nullptr, reinterpret_cast<unsigned char*>(&number), sizeof number,
                                            BCRYPT_USE_SYSTEM_PREFERRED_RNG);
  return status == 0 ? std::optional(number) : std::nullopt;
}

uint64_t process_number() { return ::GetCurrentProcessId(); }

// Untried here, so that kernels without tiles run.
bool ask_for_tiles() { return false; }

bool has_arm_feature([[maybe_unused]] ArmFeature feature) {
#if defined(__aarch64__)
  constexpr DWORD kDotProducts = 43;  // PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE
  return feature == ArmFeature::dot_products && ::IsProcessorFeaturePresent(kDotProducts);
#else
  return false;
#endif
}

}  // namespace tritium
