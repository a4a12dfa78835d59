// The backend `cpu` made for this processor, and what there is to say of it.
#include "cpu/cpu_backend.h"

#include <cstdlib>
#include <fstream>

#include "cpu/backend.h"

#if defined(__linux__)
#include <unistd.h>
#endif

namespace tritium {
namespace {

// Those that this processor can run, from the one that TRITIUM_SIMD names on.
std::vector<cpu::Rung> chosen_rungs() {
  const char* wanted = std::getenv("TRITIUM_SIMD");
  return cpu::usable_rungs(cpu::rungs(), wanted ? wanted : "");
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
  return std::make_unique<CpuBackend>(cpu::kernels_of(chosen_rungs()), options.threads);
}

std::string simd_level() { return std::string(chosen_rungs().front().name); }

std::vector<std::string> simd_levels() {
  std::vector<std::string> levels;
  for (const cpu::Rung& rung : cpu::usable_rungs(cpu::rungs(), "")) levels.emplace_back(rung.name);
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
