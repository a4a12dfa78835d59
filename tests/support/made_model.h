// Small random models, as the program make_model writes them: each once for a test program.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/support/temporary_folder.h"

namespace tritium {

// `huge`: of a tensor whose values are too large.
inline std::string model_file(const std::string& architecture, const std::string& huge = "") {
  static const TemporaryFolder folder;
  std::string path = folder.file(architecture + huge + ".gguf");
  if (!std::filesystem::exists(path)) {
    EXPECT_EQ(std::system((TRITIUM_MAKE_MODEL " " + path + " " + architecture + " " + huge).c_str()), 0);
  }
  return path;
}

}  // namespace tritium
