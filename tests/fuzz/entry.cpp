// Where a fuzzer, or the program that tries seeds, enters a target.
#include <cstdint>

#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tritium::fuzz::try_input({reinterpret_cast<const char*>(data), size});
  return 0;
}
