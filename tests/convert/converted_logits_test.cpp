// Folders with known logits, written in each lossless type: the same logits on every backend.
#include <gtest/gtest.h>

#include <set>

#include "tests/model_files/known_logits.h"
#include "tests/model_files/logits.h"
#include "tests/support/shared_material.h"
#include "tests/support/temporary_folder.h"
#include "tritium/convert.hpp"

namespace tritium {
namespace {

// With rounded activations only some have logits of another program: the others, those of the folder on the reference.
std::vector<float> expected_logits(const KnownFolder& folder, const std::filesystem::path& path,
                                   Activations activations) {
  for (const auto& [mode, logits] : folder.logits)
    if (mode == (activations == Activations::int8 ? "int8" : "f32")) return logits;
  const auto computed = logits_of(path.string(), "reference", folder.tokens, activations);
  EXPECT_TRUE(computed.ok()) << computed.message();
  return computed.ok() ? *computed : std::vector<float>();
}

class ConvertedLogits : public testing::TestWithParam<const char*> {};

TEST_P(ConvertedLogits, AreThoseOfTheFolder) {
  const auto root = shared_file("hf");
  if (!root) GTEST_SKIP() << kNoSharedMaterial;
  if (!has_backend(GetParam())) GTEST_SKIP() << "there is no " << GetParam() << " here";
  const std::vector<KnownFolder> folders = known_folders(*root);
  ASSERT_FALSE(folders.empty());
  const Result<Runtime> runtime = Runtime::create({.backend = GetParam()});
  ASSERT_TRUE(runtime.ok()) << runtime.message();
  const TemporaryFolder written_files;
  const std::string output = written_files.file("out.gguf");
  for (const KnownFolder& folder : folders) {
    const std::filesystem::path path = *root / folder.name;
    const std::vector<float> exact = expected_logits(folder, path, Activations::f32);
    const std::vector<float> rounded = expected_logits(folder, path, Activations::int8);
    const size_t vocabulary = exact.size() / folder.tokens.size();
    std::set<std::string> files;
    for (const char* type : {"", "tq1_0", "tq2_0", "q2_0", "pq2_0", "ptq1_0", "i2_s"}) {
      const std::string what = folder.name + " as " + type;
      const auto written = convert_model(path.string(), {.output = output, .type = type});
      ASSERT_TRUE(written.ok()) << what << ": " << written.message();
      // A type that does not fit is replaced, so that some files are the same.
      if (!files.insert(*read_file(output)).second) continue;
      const Result<Model> model = runtime->load(output);
      ASSERT_TRUE(model.ok()) << what << ": " << model.message();
      const auto of_floats = logits_of(*model, folder.tokens, Activations::f32);
      ASSERT_TRUE(of_floats.ok()) << what << ": " << of_floats.message();
      EXPECT_LT(relative_distance(*of_floats, exact), 1e-3) << what;
      const auto of_bytes = logits_of(*model, folder.tokens, Activations::int8);
      ASSERT_TRUE(of_bytes.ok()) << what << ": " << of_bytes.message();
      EXPECT_LT(largest_divergence(*of_bytes, rounded, vocabulary), 1e-3) << what;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, ConvertedLogits, testing::Values("reference", "cpu", "vulkan"),
                         [](const auto& backend) { return std::string(backend.param); });

}  // namespace
}  // namespace tritium
