#include "model/architectures.h"

#include <array>

namespace tritium {
namespace {

constexpr std::array kArchitectures = {
    // BitNet b1.58 as converted upstream: SiLU. The 2B-4T release uses squared ReLU (its config's hidden_act), and is
    // converted under the other two names.
    Architecture{.name = "bitnet", .sub_norms = true},
    Architecture{.name = "bitnet-b1.58", .sub_norms = true, .activation = GateActivation::relu2},
    Architecture{.name = "bitnet-25", .sub_norms = true, .activation = GateActivation::relu2},
    // Llama and, with experts, Mixtral.
    Architecture{.name = "llama", .rope_pairing = RopePairing::interleaved, .experts = Experts::optional},
    Architecture{.name = "qwen3", .qk_norm = QkNorm::per_head},
    Architecture{.name = "qwen3moe", .qk_norm = QkNorm::per_head, .experts = Experts::always},
    Architecture{.name = "olmoe", .qk_norm = QkNorm::whole, .experts = Experts::always, .renormalize_experts = false},
    Architecture{.name = "maple",
                 .qk_norm = QkNorm::per_head,
                 .experts = Experts::always,
                 .sliding_window = true,
                 .rope_on_global_layers = false},
};

}  // namespace

std::span<const Architecture> architectures() { return kArchitectures; }

const Architecture* find_architecture(std::string_view name) {
  for (const Architecture& a : kArchitectures)
    if (a.name == name) return &a;
  return nullptr;
}

std::string supported_architectures() {
  std::string names;
  for (const Architecture& a : kArchitectures) names += (names.empty() ? "" : ", ") + std::string(a.name);
  return names;
}

}  // namespace tritium
