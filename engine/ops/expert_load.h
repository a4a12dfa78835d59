#pragma once

#include "ops/op.h"
#include "shaders/params/expert_load.h"

namespace tritium {

namespace cpu_ref {
void expert_load(const ExpertLoadParams& p, std::span<const int32_t> expert_ids, std::span<float> load);
}

// load[e] = slots that chose expert e / all slots
struct ExpertLoad {
  static constexpr std::string_view kName = "expert_load";
  static constexpr double kTolerance = kDivision + kRounding;
  static constexpr auto reference = cpu_ref::expert_load;
  Tensor expert_ids;  // i32 [T, k]
  Tensor load;        // f32 [n_experts]

  static void visit(auto& op, auto&& f) { f(Role::input, op.expert_ids), f(Role::output, op.load); }

  ExpertLoadParams params() const { return {.n_slots = u32(expert_ids.elements()), .n_experts = u32(load.elements())}; }

  Status check() const {
    Checker c(kName);
    c.rank("expert_ids", expert_ids, 2).tensor("expert_ids", expert_ids, DType::i32, expert_ids.shape);
    return c.f32_of_rank("load", load, 1).status();
  }
};

}  // namespace tritium
