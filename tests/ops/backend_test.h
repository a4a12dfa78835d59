// One test for every backend: an operation on all shapes of its table (engine/selftest) against the reference.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace tritium {

class BackendTest : public testing::TestWithParam<std::string> {
 protected:
  // Skips, saying why, where the backend cannot run; fails when a case is out of its bound or validation complained.
  static void expect_agreement(const std::string& backend, std::string_view operation);
};

inline auto tested_backends() { return testing::Values("cpu", "vulkan"); }
inline std::string backend_name(const testing::TestParamInfo<std::string>& info) { return info.param; }

}  // namespace tritium
