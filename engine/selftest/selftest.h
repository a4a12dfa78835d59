// Runs the cases of op_cases.h on a backend and on the reference, and reports the worst error of each operation.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "ops/compare_backend.h"
#include "tritium/debug.hpp"

namespace tritium::cases {

class BackendPair {
 public:
  BackendPair(std::unique_ptr<Backend> tested, std::unique_ptr<Backend> expected);
  BackendPair(const BackendPair&) = delete;
  BackendPair& operator=(const BackendPair&) = delete;

  // All cases of one operation, or the first ones: after each `keep_going` may say that it is enough. An error that a
  // backend returns is a failure in the report.
  OperationReport run(std::string_view operation, const std::function<bool()>& keep_going = {});
  // How many cases there were, the ones passed over included.
  int64_t cases_in_all() const { return cases_in_all_; }

 private:
  std::vector<Comparison> comparisons_;  // of the case that runs
  std::unique_ptr<Backend> compare_;
  int64_t cases_in_all_ = 0;
};

}  // namespace tritium::cases
