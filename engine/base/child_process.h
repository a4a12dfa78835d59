// Another program, run to its end. No shell is between: arguments reach it as they are, blanks and quotes among them.
#pragma once

#include <span>
#include <string>

#include "tritium/status.hpp"

namespace tritium {

struct ChildResult {
  int exit_code = 0;   // 128 + n: it was ended by signal n
  std::string output;  // of stdout and stderr, as it came; what is beyond 1 MiB is dropped
};

// `program` is a path, or a name without '/' that is looked for in PATH. It gets this process's environment and an
// empty input. Errors: not_found where there is no such program; io_error with the system's reason; cancelled
// (base/cancel.h), which ends the program, too.
Result<ChildResult> run_program(const std::string& program, std::span<const std::string> arguments);

}  // namespace tritium
