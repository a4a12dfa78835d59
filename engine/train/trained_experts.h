// Which experts of a layer train, where only some of them do: those that the router chooses most, or another part of
// them every so many steps. Those that train stand first in the layer's stacks (Transformer::order_experts).
#pragma once

#include <span>
#include <string>

#include "train/transformer.h"

namespace tritium::training {

struct ExpertChoice {
  enum class Kind { all, most_used, rotate };
  Kind kind = Kind::all;
  int64_t n = 0;  // of each layer; 0: all
};

// "all", "most-used:8" or "rotate:8".
Result<ExpertChoice> expert_choice_of(const std::string& text);

// Experts of a layer in the order of how many tokens chose them, those that none does at the end.
std::vector<int32_t> by_use(std::span<const double> use);
// The n experts of a phase (0, 1, …) first, the others after them: each phase takes the next n.
std::vector<int32_t> rotated(int64_t n_experts, int64_t n, int64_t phase);
// Whether each of so many layers has every expert once: what a checkpoint says is not trusted.
bool is_expert_order(const ExpertOrder& order, size_t n_layers, int64_t n_experts);

}  // namespace tritium::training
