// The shapes every operation is tried on: one table, used by `tritium selftest` on the user's device and by tests/ops.
// A function goes through those of one operation, and runs each that it is told to:
//
//   for (int64_t n : kLengths)
//     if (c.next("n ", n)) c.run(Add{.a = c.random({n}), .b = c.random({n}), .y = c.zeros({n})});
#pragma once

#include <array>
#include <string>
#include <tuple>
#include <vector>

#include "base/format_text.h"
#include "selftest/case_inputs.h"

namespace tritium::cases {

class Cases : public CaseInputs {
 public:
  explicit Cases(Ops& ops) : CaseInputs(ops, 0) {}
  virtual ~Cases() = default;

  // Ends the case before and begins one, called what makes it special, in words and numbers. False: pass it over.
  template <typename... Parts>
  bool next(const Parts&... special) {
    return begin(join(special...));
  }

 private:
  virtual bool begin(const std::string& special) = 0;
};

// Defined for each operation in one of *_cases.cpp; one that has no cases does not link.
template <typename Op>
void cases_of(Cases& c);

// The numbers of cases, a row each.
template <size_t n>
using Sizes = std::vector<std::array<int64_t, n>>;
template <typename... Field>
using Table = std::vector<std::tuple<Field...>>;

}  // namespace tritium::cases
