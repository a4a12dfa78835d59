// What is particular to each architecture, as a table (formats.md of the GGUF ecosystem; llama.cpp's key names).
#pragma once

#include <span>
#include <string_view>

#include "model/config.h"

namespace tritium {

enum class Experts { never, optional, always };

struct Architecture {
  std::string_view name;  // general.architecture, and the prefix of its keys
  RopePairing rope_pairing = RopePairing::halves;
  QkNorm qk_norm = QkNorm::none;
  bool qk_norm_after_rope = false;
  bool sub_norms = false;
  Experts experts = Experts::never;
  bool renormalize_experts = true;
  GateActivation activation = GateActivation::silu;  // unless the file names one
  bool sliding_window = false;                       // window, pattern and clamp keys are read
  bool rope_on_global_layers = true;
  // Tokens that a window has beyond the number in the file, of code that counts the token itself extra.
  int64_t window_beyond = 0;
  bool lab = false;  // its keys say which parts it has (lab_keys.h)
};

std::span<const Architecture> architectures();
const Architecture* find_architecture(std::string_view name);

// What an architecture is that others run and this does not: " (a hybrid …)"; "": nothing is known of it.
std::string_view about_unsupported(std::string_view name);

}  // namespace tritium
