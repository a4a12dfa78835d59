// The backends that this machine has, for tests that hold on each of them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tritium/tritium.hpp"

namespace tritium {

inline std::vector<std::string> available_backends() {
  std::vector<std::string> names;
  for (const DeviceInfo& d : list_devices())
    if (d.available) names.push_back(d.backend);
  return names;
}

// Of a parameter: "vulkan_0".
inline std::string backend_test_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::ranges::replace(name, ':', '_');
  return name;
}

}  // namespace tritium
