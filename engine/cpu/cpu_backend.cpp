#include "cpu/cpu_backend.h"

#include <array>
#include <cstdlib>
#include <fstream>

#include "cpu/backend.h"

#if defined(__linux__)
#include <unistd.h>
#endif

namespace tritium {
namespace {

bool runs_here(const cpu::KernelTable& kernels) {
#if defined(__x86_64__)
  if (&kernels == &cpu::kAvx512VnniKernels)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vnni");
  // F16C is older than AVX2 on every processor that has both (and GCC 10's cpu_supports does not know it).
  if (&kernels == &cpu::kAvx2Kernels) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
  return &kernels == &cpu::kPortableKernels;
}

// Best first.
std::vector<const cpu::KernelTable*> usable_kernels() {
  std::vector<const cpu::KernelTable*> usable;
  for (const cpu::KernelTable* kernels : {
#if defined(__x86_64__)
         &cpu::kAvx512VnniKernels, &cpu::kAvx2Kernels,
#endif
             &cpu::kPortableKernels
       })
    if (runs_here(*kernels)) usable.push_back(kernels);
  return usable;
}

const cpu::KernelTable& chosen_kernels() {
  const auto usable = usable_kernels();
  if (const char* wanted = std::getenv("TRITIUM_SIMD"))
    for (const cpu::KernelTable* kernels : usable)
      if (std::string_view(kernels->level) == wanted) return *kernels;
  return *usable.front();
}

uint64_t physical_memory() {
#if defined(__linux__)
  return static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGE_SIZE));
#else
  return 0;
#endif
}

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(std::min(line.find(':') + 2, line.size()));
  return "CPU";
}

}  // namespace

std::unique_ptr<Backend> make_cpu_backend(const CpuOptions& options) {
  return std::make_unique<CpuBackend>(chosen_kernels(), options.threads);
}

std::string simd_level() { return chosen_kernels().level; }

std::vector<std::string> simd_levels() {
  std::vector<std::string> levels;
  for (const cpu::KernelTable* kernels : usable_kernels()) levels.emplace_back(kernels->level);
  return levels;
}

std::span<const std::string_view> reference_operations() { return CpuBackend::OnTheReference::kNames; }

DeviceInfo describe_cpu() {
  return {.backend = "cpu",
          .description = processor_name(),
          .driver = simd_level(),
          .available = true,
          .reason = {},
          .software = false,
          .chosen_by_auto = false,
          .memory_bytes = physical_memory(),
          .features = {std::to_string(usable_processors()) + " processors"}};
}

}  // namespace tritium
