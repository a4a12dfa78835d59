// Calls large enough that the cpu backend shares them among threads; the table of engine/selftest is mostly
// smaller.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ops/ops.h"
#include "selftest/case_inputs.h"

namespace tritium {

struct LargeCase {
  std::string name;
  std::function<void(Ops&, cases::CaseInputs&)> run;
};

std::vector<LargeCase> large_cases();

}  // namespace tritium
