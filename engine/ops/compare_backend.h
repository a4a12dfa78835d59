// CompareBackend runs two backends side by side: every operation on both, from the same inputs, and compares what comes
// out. It is itself a Backend, so a whole model runs on it without knowing.
//
// After each operation the expected result replaces the tested one. So an operation is judged by its own error alone,
// not by what earlier ones left it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "ops/backend.h"

namespace tritium {

struct Comparison {
  std::string operation;  // "rms_norm"
  std::string place;      // label path: "model/layer2/attention"
  int output = 0;         // which of the operation's outputs
  double error = 0;       // relative_error
  double bound = 0;       // tolerance_of<Op>(dtype, role)
  bool within() const { return error <= bound; }
};

struct CompareOptions {
  bool stop_at_first = true;  // a comparison out of bounds makes the operation fail, naming place, error and files
  std::string dump_dir;       // where expected.npy and tested.npy of that operation go; empty: not written
  std::function<void(const Comparison&)> observe;  // called for every output of every operation
};

std::unique_ptr<Backend> make_compare_backend(std::unique_ptr<Backend> tested, std::unique_ptr<Backend> expected,
                                              CompareOptions options);

// The tested backend inside a compare backend; `backend` itself when it is not one.
Backend& tested_backend(Backend& backend);

}  // namespace tritium
