// ProfileEntry: the time that an operation took, all its calls together.
#pragma once

#include <cstdint>
#include <string>

namespace tritium {

struct ProfileEntry {
  std::string operation;
  int64_t calls = 0;
  double seconds = 0;
};

}  // namespace tritium
