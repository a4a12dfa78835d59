// Folders with known logits, computed by an independent program, on every backend.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/model_files/known_logits.h"
#include "tests/model_files/logits.h"
#include "tests/support/shared_material.h"
#include "tests/support/temporary_folder.h"

namespace tritium {
namespace {

void expect_logits(const std::string& path, const KnownFolder& folder, const std::string& backend,
                   const std::string& mode, const std::vector<float>& expected) {
  const std::string what = folder.name + " " + mode + " on " + backend;
  const bool rounded = mode == "int8";
  const auto logits = logits_of(path, backend, folder.tokens, rounded ? Activations::int8 : Activations::f32);
  ASSERT_TRUE(logits.ok()) << what << ": " << logits.message();
  const size_t vocabulary = expected.size() / folder.tokens.size();
  if (rounded) {
    EXPECT_LT(largest_divergence(*logits, expected, vocabulary), 1e-3) << what;
  } else {
    EXPECT_LT(relative_distance(*logits, expected), 1e-3) << what;
  }
}

class FolderLogits : public testing::TestWithParam<const char*> {};

TEST_P(FolderLogits, AreThoseOfAnotherProgram) {
  const auto root = shared_file("hf");
  if (!root) GTEST_SKIP() << kNoSharedMaterial;
  if (!has_backend(GetParam())) GTEST_SKIP() << "there is no " << GetParam() << " here";
  const std::vector<KnownFolder> folders = known_folders(*root);
  ASSERT_FALSE(folders.empty());
  for (const KnownFolder& folder : folders)
    for (const auto& [mode, expected] : folder.logits)
      if (mode != "window_inclusive") expect_logits((*root / folder.name).string(), folder, GetParam(), mode, expected);
}

// Maple's window counts the token itself, or not: with a window of one token more the logits are those of the other
// reading, and differ from the first.
TEST_P(FolderLogits, OfAWindowThatIncludesOneMoreTokenAreThoseOfTheOtherReading) {
  const auto root = shared_file("hf");
  if (!root) GTEST_SKIP() << kNoSharedMaterial;
  if (!has_backend(GetParam())) GTEST_SKIP() << "there is no " << GetParam() << " here";
  for (const KnownFolder& folder : known_folders(*root))
    for (const auto& [mode, expected] : folder.logits) {
      if (mode != "window_inclusive") continue;
      const TemporaryFolder copy;
      for (const auto& file : std::filesystem::directory_iterator(*root / folder.name))
        std::filesystem::copy_file(file, copy.path() / file.path().filename());
      std::string config = *read_file(copy.file("config.json"));
      const std::string window = "\"sliding_window\": 5";
      ASSERT_NE(config.find(window), std::string::npos);
      config.replace(config.find(window), window.size(), "\"sliding_window\": 6");
      std::filesystem::remove(copy.file("config.json"));
      std::ofstream(copy.file("config.json")) << config;
      expect_logits(copy.path().string(), folder, GetParam(), mode, expected);
      const auto narrow = logits_of((*root / folder.name).string(), GetParam(), folder.tokens, Activations::f32);
      ASSERT_TRUE(narrow.ok());
      EXPECT_GT(relative_distance(*narrow, expected), 1e-3);
    }
}

INSTANTIATE_TEST_SUITE_P(Backends, FolderLogits, testing::Values("reference", "cpu", "vulkan"),
                         [](const auto& backend) { return std::string(backend.param); });

}  // namespace
}  // namespace tritium
