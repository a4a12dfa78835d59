#include "selftest/selftest.h"

#include <limits>
#include <map>

#include "base/format_text.h"
#include "ops/tolerance.h"
#include "selftest/op_cases.h"

namespace tritium::cases {

std::vector<OpCase> cases_of(std::string_view operation) {
  static const std::map<std::string_view, std::vector<OpCase> (*)()> kTables = {
      {AddArgs::kName, add_cases},
      {AttentionArgs::kName, attention_cases},
      {CombineExpertsArgs::kName, combine_experts_cases},
      {EmbeddingBackwardArgs::kName, embedding_backward_cases},
      {RmsNormBackwardArgs::kName, rms_norm_backward_cases},
      {TernaryMatmulBackwardArgs::kName, ternary_matmul_backward_cases},
      {DenseMatmulBackwardArgs::kName, dense_matmul_backward_cases},
      {WeightGradientArgs::kName, weight_gradient_cases},
      {AttentionBackwardArgs::kName, attention_backward_cases},
      {GatedActivationBackwardArgs::kName, gated_activation_backward_cases},
      {CombineExpertsBackwardArgs::kName, combine_experts_backward_cases},
      {RouteTokensBackwardArgs::kName, route_tokens_backward_cases},
      {ExpertLoadArgs::kName, expert_load_cases},
      {CrossEntropyArgs::kName, cross_entropy_cases},
      {FlipTritsArgs::kName, flip_trits_cases},
      {KlDivergenceArgs::kName, kl_divergence_cases},
      {ScaledAddArgs::kName, scaled_add_cases},
      {SumSquaresArgs::kName, sum_squares_cases},
      {DequantizeActivationsArgs::kName, dequantize_activations_cases},
      {AbsmeanArgs::kName, absmean_cases},
      {TernarizeArgs::kName, ternarize_cases},
      {FakeQuantizeArgs::kName, fake_quantize_cases},
      {AdamwUpdateArgs::kName, adamw_update_cases},
      {SgdUpdateArgs::kName, sgd_update_cases},
      {DenseMatmulArgs::kName, dense_matmul_cases},
      {EmbeddingArgs::kName, embedding_cases},
      {GatedActivationArgs::kName, gated_activation_cases},
      {QuantizeActivationsArgs::kName, quantize_activations_cases},
      {RmsNormArgs::kName, rms_norm_cases},
      {RopeArgs::kName, rope_cases},
      {RouteTokensArgs::kName, route_tokens_cases},
      {StoreKvArgs::kName, store_kv_cases},
      {TernaryMatmulArgs::kName, ternary_matmul_cases},
      {TernaryMatmulF32Args::kName, ternary_matmul_f32_cases},
  };
  const auto found = kTables.find(operation);
  return found == kTables.end() ? std::vector<OpCase>() : found->second();
}

BackendPair::BackendPair(std::unique_ptr<Backend> tested, std::unique_ptr<Backend> expected)
    : compare_(make_compare_backend(std::move(tested), std::move(expected),
                                    {.stop_at_first = false, .dump_dir = {}, .observe = [this](const Comparison& c) {
                                       comparisons_.push_back(c);
                                     }})) {}

namespace {

// How much of its bound a difference takes; above 1: too much.
double part_of_bound(double error, double bound) {
  if (bound > 0) return error / bound;
  return error > 0 ? std::numeric_limits<double>::infinity() : 0.0;
}

}  // namespace

OperationReport BackendPair::run(std::string_view operation, const std::function<bool()>& keep_going) {
  OperationReport report{.operation = std::string(operation),
                         .cases = 0,
                         .worst_error = 0,
                         .bound = tolerance_of(operation),
                         .worst_case = {},
                         .failure = {}};
  uint64_t seed = 1;
  for (const OpCase& c : cases_of(operation)) {
    if (report.cases > 0 && keep_going && !keep_going()) break;
    comparisons_.clear();
    Ops ops(*compare_);
    CaseInputs inputs(ops, seed++);
    c.run(ops, inputs);
    Status status = inputs.status();
    if (const Status finished = ops.finish(); status.ok()) status = finished;
    ++report.cases;
    if (!status.ok() && report.failure.empty()) report.failure = c.shape + ": " + status.message();
    bool started = false;
    for (const Comparison& comparison : comparisons_) {
      // Operations before it prepare inputs, those after it show what cannot be downloaded (packed trits).
      started = started || comparison.operation == operation;
      if (!started) continue;
      if (report.worst_case.empty() ||
          part_of_bound(comparison.error, comparison.bound) > part_of_bound(report.worst_error, report.bound)) {
        report.worst_error = comparison.error;
        report.bound = comparison.bound;
        report.worst_case = c.shape;
      }
      if (!comparison.within() && report.failure.empty())
        report.failure = join(c.shape, ": output ", comparison.output, " is off by ", comparison.error, ", bound ",
                              comparison.bound);
    }
  }
  return report;
}

}  // namespace tritium::cases
