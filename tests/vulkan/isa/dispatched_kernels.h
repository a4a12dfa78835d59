// Which kernels, with which specialisation constants, the launchers dispatch: they are asked, with models of published
// shapes and the cases of the self-test, on a backend that computes nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vulkan/recorder.h"

namespace tritium::vulkan {

struct DispatchedKernel {
  std::string name;
  std::vector<uint32_t> constants;
  bool aliased = false;   // what it binds overlaps
  std::string first_use;  // "Maple-20B-A1B, 1 token"
};

// In the order of their first use, each once. Kernels that no model uses have the constants that the self-test's cases
// lead to: those of the others are small.
Result<std::vector<DispatchedKernel>> dispatched_kernels(const Limits& limits);

}  // namespace tritium::vulkan
