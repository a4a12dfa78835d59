// Any bytes as a model's file.
#include "tests/fuzz/input.h"
#include "tests/fuzz/use_model.h"

void tritium::fuzz::try_input(std::string_view bytes) {
  (void)use_model(MemoryFile(bytes).path(), !bytes.empty() && bytes.back() % 8 == 1);
}
