// Runs an operation on the cpu backend at one instruction level and number of threads, beside another
// backend.
#pragma once

#include <cstdlib>
#include <functional>
#include <string>

#include "base/environment.h"
#include "cpu/cpu_backend.h"
#include "cpu_ref/reference_backend.h"
#include "ops/compare_backend.h"
#include "selftest/case_inputs.h"

namespace tritium {

// A cpu backend that uses the instructions of `level`, whatever the processor could do.
inline std::unique_ptr<Backend> cpu_backend(const std::string& level, int threads) {
  set_environment("TRITIUM_SIMD", level);
  std::unique_ptr<Backend> backend = make_cpu_backend({.threads = threads});
  set_environment("TRITIUM_SIMD", std::nullopt);
  return backend;
}

struct Outcome {
  double worst_error = 0;
  int n_compared = 0;
  Status status;  // out of bounds, or what a backend reported
};

// Runs `body` on both and compares every output of every operation.
inline Outcome side_by_side(std::unique_ptr<Backend> tested, std::unique_ptr<Backend> expected, uint64_t seed,
                            const std::function<void(Ops&, cases::CaseInputs&)>& body) {
  Outcome outcome;
  const std::unique_ptr<Backend> both =
      make_compare_backend(std::move(tested), std::move(expected),
                           {.stop_at_first = true, .dump_dir = {}, .observe = [&](const Comparison& c) {
                              outcome.worst_error = std::max(outcome.worst_error, c.error);
                              ++outcome.n_compared;
                            }});
  Ops ops(*both);
  cases::CaseInputs inputs(ops, seed);
  body(ops, inputs);
  outcome.status = inputs.status();
  if (const Status finished = ops.finish(); outcome.status.ok()) outcome.status = finished;
  return outcome;
}

}  // namespace tritium
