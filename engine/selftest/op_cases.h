// The shapes every operation is tried on: one table, used by `tritium selftest` on the user's device and by tests/ops.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ops/compare_backend.h"
#include "selftest/case_inputs.h"

namespace tritium::cases {

struct OpCase {
  std::string shape;  // what makes it special, in words and numbers
  std::function<void(Ops&, CaseInputs&)> run;
};

// Empty for a name that is not an operation.
std::vector<OpCase> cases_of(std::string_view operation);

std::vector<OpCase> add_cases();
std::vector<OpCase> attention_cases();
std::vector<OpCase> combine_experts_cases();
std::vector<OpCase> embedding_backward_cases();
std::vector<OpCase> rms_norm_backward_cases();
std::vector<OpCase> ternary_matmul_backward_cases();
std::vector<OpCase> dense_matmul_backward_cases();
std::vector<OpCase> weight_gradient_cases();
std::vector<OpCase> attention_backward_cases();
std::vector<OpCase> gated_activation_backward_cases();
std::vector<OpCase> combine_experts_backward_cases();
std::vector<OpCase> route_tokens_backward_cases();
std::vector<OpCase> expert_load_cases();
std::vector<OpCase> cross_entropy_cases();
std::vector<OpCase> flip_trits_cases();
std::vector<OpCase> kl_divergence_cases();
std::vector<OpCase> scaled_add_cases();
std::vector<OpCase> sum_squares_cases();
std::vector<OpCase> dequantize_activations_cases();
std::vector<OpCase> absmean_cases();
std::vector<OpCase> ternarize_cases();
std::vector<OpCase> fake_quantize_cases();
std::vector<OpCase> adamw_update_cases();
std::vector<OpCase> sgd_update_cases();
std::vector<OpCase> dense_matmul_cases();
std::vector<OpCase> embedding_cases();
std::vector<OpCase> gated_activation_cases();
std::vector<OpCase> quantize_activations_cases();
std::vector<OpCase> rms_norm_cases();
std::vector<OpCase> rope_cases();
std::vector<OpCase> route_tokens_cases();
std::vector<OpCase> store_kv_cases();
std::vector<OpCase> ternary_matmul_cases();
std::vector<OpCase> ternary_matmul_f32_cases();

}  // namespace tritium::cases
