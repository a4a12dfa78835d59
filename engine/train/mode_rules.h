// Modes of weights by the names of their tensors: "blk.9.attn_k.weight=full", "blk.*.ffn_*=int4".
#pragma once

#include <span>
#include <string>
#include <vector>

#include "model/tensors.h"
#include "tritium/status.hpp"
#include "tritium/training.hpp"

namespace tritium::training {

struct ModeRule {
  std::string pattern;  // * is any text, also none
  WeightMode mode = WeightMode::full;
};

// Of texts "PATTERN=MODE"; errors name the one that is none.
Result<std::vector<ModeRule>> parse_mode_rules(std::span<const std::string> texts);

// The last that fits the name; null: none does.
const ModeRule* rule_for(std::span<const ModeRule> rules, const std::string& name);

// That each fits a tensor of these, and gives none a mode that it cannot have.
Status check_mode_rules(std::span<const ModeRule> rules, std::span<const TensorSpec> tensors);

}  // namespace tritium::training
