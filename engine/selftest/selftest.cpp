#include "selftest/selftest.h"

#include <limits>
#include <type_traits>

#include "base/format_text.h"
#include "selftest/op_cases.h"

namespace tritium::cases {

std::vector<OpCase> cases_of(std::string_view operation) {
  std::vector<OpCase> cases;
  with_operation(operation, [&]<typename Op>(std::type_identity<Op>) { cases = cases_of<Op>(); });
  return cases;
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
  OperationReport report{.operation = std::string(operation)};
  with_operation(operation, [&]<typename Op>(std::type_identity<Op>) {
    report.bound = tolerance_of<Op>(DType::f32, Role::output);
  });
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
