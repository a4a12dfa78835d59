// Finds test material that is too large for the repository: real models, vocabularies, texts. Tests that need a file
// skip, with the reason, where it is not there:
//   const auto file = shared_file("models/x.gguf");
//   if (!file) GTEST_SKIP() << kNoSharedMaterial;
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

namespace tritium {

inline constexpr const char* kNoSharedMaterial = "needs ../shared (or the folder in TRITIUM_SHARED)";

// `relative` within the folder that the variable TRITIUM_SHARED names, else within `shared` beside the repository,
// which the build names: __FILE__ is relative where a compiler cache or a prefix map says so.
inline std::optional<std::filesystem::path> shared_file(const std::string& relative) {
  const char* folder = std::getenv("TRITIUM_SHARED");
  const std::filesystem::path path = std::filesystem::path(folder ? folder : TRITIUM_BESIDE_REPOSITORY) / relative;
  std::error_code absent;
  const std::filesystem::path found = std::filesystem::canonical(path, absent);
  if (absent) return std::nullopt;
  return found;
}

}  // namespace tritium
