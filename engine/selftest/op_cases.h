// The shapes every operation is tried on: one table, used by `tritium selftest` on the user's device and by tests/ops.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "selftest/case_inputs.h"

namespace tritium::cases {

struct OpCase {
  std::string shape;  // what makes it special, in words and numbers
  std::function<void(Ops&, CaseInputs&)> run;
};

// Defined for each operation in one of *_cases.cpp; one that has no cases does not link.
template <typename Op>
std::vector<OpCase> cases_of();
// Empty for a name that is not an operation.
std::vector<OpCase> cases_of(std::string_view operation);

}  // namespace tritium::cases
