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
    // Maple's window: MLX and llama.cpp keep 512 tokens; its reference code attends to 513 (window_beyond 1).
    Architecture{.name = "maple",
                 .qk_norm = QkNorm::per_head,
                 .experts = Experts::always,
                 .sliding_window = true,
                 .rope_on_global_layers = false,
                 .window_beyond = 0},
    Architecture{.name = "hunyuan-dense", .qk_norm = QkNorm::per_head, .qk_norm_after_rope = true},
    // For experiments: everything is said by its keys.
    Architecture{.name = "tritium-lab", .experts = Experts::optional, .lab = true},
};

constexpr std::string_view kDeltaNet =
    " (a hybrid: most of its layers are gated delta nets, a recurrence that is not implemented)";
constexpr std::string_view kLatent =
    " (attention over compressed keys, multi-head latent attention, is not implemented)";
struct About {
  std::string_view name, text;
};
constexpr std::array kUnsupported = {
    About{"qwen35", kDeltaNet},  About{"qwen35moe", kDeltaNet}, About{"qwen3next", kDeltaNet},
    About{"deepseek2", kLatent}, About{"hyv4", kLatent},
};

}  // namespace

std::span<const Architecture> architectures() { return kArchitectures; }

const Architecture* find_architecture(std::string_view name) {
  for (const Architecture& a : kArchitectures)
    if (a.name == name) return &a;
  return nullptr;
}

std::string_view about_unsupported(std::string_view name) {
  for (const About& a : kUnsupported)
    if (a.name == name) return a.text;
  return {};
}

std::string supported_architectures() {
  std::string names;
  for (const Architecture& a : kArchitectures) names += (names.empty() ? "" : ", ") + std::string(a.name);
  return names;
}

}  // namespace tritium
