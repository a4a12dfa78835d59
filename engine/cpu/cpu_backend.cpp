// The backend `cpu` made for this processor, and what there is to say of it.
#include "cpu/cpu_backend.h"

#include <algorithm>

#include "base/environment.h"
#include "base/format_text.h"
#include "base/machine.h"
#include "base/processors.h"
#include "cpu/backend.h"
#include "cpu/processor.h"

namespace tritium {
namespace {

constexpr const char* kRungVariable = "TRITIUM_CPU_RUNG";
constexpr const char* kOldRungVariable = "TRITIUM_SIMD";

std::string wanted_rung() {
  for (const char* variable : {kRungVariable, kOldRungVariable})
    if (const auto name = environment(variable); name && !name->empty()) return *name;
  return {};
}

// Those that this processor can run, from the wanted one on.
std::vector<cpu::Rung> chosen_rungs() { return cpu::usable_rungs(cpu::rungs(), wanted_rung()); }

std::vector<std::string> features() {
  std::vector<std::string> features = {std::to_string(usable_processors()) + " processors"};
  std::string rungs;
  for (const std::string& level : simd_levels()) rungs += (rungs.empty() ? "rungs: " : " ") + level;
  features.push_back(std::move(rungs));
  if (cpu::int8_tiles() == cpu::Tiles::refused)
    features.emplace_back("no amx-int8: the system does not give this process the registers of AMX");
  return features;
}

}  // namespace

std::unique_ptr<Backend> make_cpu_backend(const CpuOptions& options) {
  const std::vector<cpu::Rung> rungs =
      options.rung.empty() ? chosen_rungs() : cpu::usable_rungs(cpu::rungs(), options.rung);
  return std::make_unique<CpuBackend>(cpu::kernels_of(rungs), options);
}

Status check_cpu_rung() {
  const std::string name = environment(kRungVariable).value_or("");
  const std::vector<std::string> here = simd_levels();
  if (name.empty() || std::ranges::find(here, name) != here.end()) return Status();
  std::string names;
  for (const std::string& level : here) names += (names.empty() ? "" : ", ") + level;
  const bool known = std::ranges::find(cpu::rungs(), name, &cpu::Rung::name) != cpu::rungs().end();
  return error(StatusCode::invalid_argument, "the rung \"", name, "\" (", kRungVariable, ", or --rung of bench) ",
               known ? "needs instructions that this processor does not have" : "is none of this kind of processor's",
               "; there are ", names);
}

bool cpu_rung_is_named() { return !wanted_rung().empty(); }

bool cpu_has_base3() { return cpu::kernels_of(chosen_rungs()).ternary.base3; }

std::string simd_level() { return std::string(chosen_rungs().front().name); }

std::vector<std::string> simd_levels() {
  std::vector<std::string> levels;
  for (const cpu::Rung& rung : cpu::usable_rungs(cpu::rungs(), "")) levels.emplace_back(rung.name);
  return levels;
}

std::span<const std::string_view> reference_operations() { return CpuBackend::OnTheReference::kNames; }

DeviceInfo describe_cpu() {
  const Status rung = check_cpu_rung();
  const std::string name = processor_name();
  return {.backend = "cpu",
          .description = name.empty() ? "CPU" : name,
          .driver = simd_level(),
          .available = rung.ok(),
          .reason = rung.message(),
          .software = false,
          .chosen_by_auto = false,
          .memory_bytes = physical_memory(),
          .features = features()};
}

}  // namespace tritium
