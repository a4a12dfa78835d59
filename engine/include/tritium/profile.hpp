// ProfileEntry: the time that an operation took, and what it did in that time, all its calls together.
#pragma once

#include <cstdint>
#include <string>

namespace tritium {

struct ProfileEntry {
  std::string operation;
  int64_t calls = 0;
  double seconds = 0;
  double bytes = 0;               // read and written; of experts, tables and caches what was used
  double weight_bytes = 0;        // of these those of weights
  double integer_operations = 0;  // of int8 products: a multiply-add is two
  double float_operations = 0;    // of other products, and of attention
};

}  // namespace tritium
