#include "selftest/selftest.h"

#include <limits>
#include <type_traits>

#include "selftest/op_cases.h"

namespace tritium::cases {

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

// Runs the cases of an operation and judges each when it has ended.
class Judge final : public Cases {
 public:
  Judge(Ops& ops, OperationReport& report, std::vector<Comparison>& comparisons,
        const std::function<bool()>& keep_going)
      : Cases(ops), ops_(ops), report_(report), comparisons_(comparisons), keep_going_(keep_going) {}

  int64_t cases() const { return cases_; }
  void end();

 private:
  bool begin(const std::string& special) override;

  Ops& ops_;
  OperationReport& report_;
  std::vector<Comparison>& comparisons_;
  const std::function<bool()>& keep_going_;
  int64_t cases_ = 0;
  std::string running_;  // empty: none
};

bool Judge::begin(const std::string& special) {
  end();
  const bool enough = report_.cases < cases_ || (report_.cases > 0 && keep_going_ && !keep_going_());
  restart(static_cast<uint64_t>(++cases_));
  if (!enough) running_ = special;
  return !enough;
}

void Judge::end() {
  if (running_.empty()) return;
  const std::string shape = std::exchange(running_, {});
  Status status = this->status();
  if (const Status finished = ops_.finish(); status.ok()) status = finished;
  ++report_.cases;
  if (!status.ok() && report_.failure.empty()) report_.failure = shape + ": " + status.message();
  bool started = false;
  for (const Comparison& comparison : std::exchange(comparisons_, {})) {
    // Operations before it prepare inputs, those after it show what cannot be downloaded (packed trits).
    started = started || comparison.operation == report_.operation;
    if (!started) continue;
    if (report_.worst_case.empty() ||
        part_of_bound(comparison.error, comparison.bound) > part_of_bound(report_.worst_error, report_.bound)) {
      report_.worst_error = comparison.error;
      report_.bound = comparison.bound;
      report_.worst_case = shape;
    }
    if (!comparison.within() && report_.failure.empty())
      report_.failure =
          join(shape, ": output ", comparison.output, " is off by ", comparison.error, ", bound ", comparison.bound);
  }
}

}  // namespace

OperationReport BackendPair::run(std::string_view operation, const std::function<bool()>& keep_going) {
  OperationReport report{.operation = std::string(operation)};
  with_operation(operation, [&]<typename Op>(std::type_identity<Op>) {
    report.bound = tolerance_of<Op>(DType::f32, Role::output);
    Ops ops(*compare_);
    Judge judge(ops, report, comparisons_, keep_going);
    cases_of<Op>(judge);
    judge.end();
    cases_in_all_ = judge.cases();
  });
  return report;
}

}  // namespace tritium::cases
