#include "vulkan/pipelines/spirv_reflection.h"

#include <gtest/gtest.h>

#include "tests/vulkan/test_gpu.h"

namespace tritium::vulkan {
namespace {

std::span<const uint32_t> words_of(std::string_view name) {
  for (const Kernel& kernel : test_kernels())
    if (kernel.name == name) return kernel.spirv;
  ADD_FAILURE() << "no kernel " << name;
  return {};
}

TEST(SpirvReflection, BindingsAccessAndPushConstants) {
  const auto shader = reflect_spirv(words_of("scale"));
  ASSERT_TRUE(shader.ok()) << shader.message();
  ASSERT_EQ(shader->bindings.size(), 2u);
  EXPECT_TRUE(shader->bindings[0].readonly);
  EXPECT_FALSE(shader->bindings[0].writeonly);
  EXPECT_FALSE(shader->bindings[1].readonly);
  EXPECT_TRUE(shader->bindings[1].writeonly);
  EXPECT_EQ(shader->push_constant_bytes, 8u);
  EXPECT_EQ(shader->local_size, (std::array<uint32_t, 3>{64, 1, 1}));
  EXPECT_FALSE(shader->local_size_constants[0]);
}

TEST(SpirvReflection, SpecialisedWorkgroupSizeAndInPlaceBuffer) {
  const auto shader = reflect_spirv(words_of("accumulate"));
  ASSERT_TRUE(shader.ok()) << shader.message();
  EXPECT_EQ(shader->local_size_constants[0], 0u);
  EXPECT_FALSE(shader->local_size_constants[1]);
  EXPECT_EQ(shader->local_size[1], 1u);
  EXPECT_FALSE(shader->bindings[1].readonly);
  EXPECT_FALSE(shader->bindings[1].writeonly);
  EXPECT_EQ(shader->push_constant_bytes, 4u);
}

TEST(SpirvReflection, TwoViewsOfOneBindingAndAGap) {
  const auto shader = reflect_spirv(words_of("two_views"));
  ASSERT_TRUE(shader.ok()) << shader.message();
  ASSERT_EQ(shader->bindings.size(), 3u);
  EXPECT_TRUE(shader->bindings[0].readonly);
  EXPECT_FALSE(shader->bindings[1].used);
  EXPECT_EQ(shader->push_constant_bytes, 12u);  // a struct inside the block
}

// What a debugger shows of the sources, and a program carries along.
TEST(SpirvReflection, SourcesHaveNamesThatAreTheSameForEverybody) {
  constexpr uint32_t kOpString = 7;  // words: length and opcode, id, text
  int named = 0;
  for (const Kernel& kernel : shader_table()) {
    const std::span<const uint32_t> words = kernel.spirv;
    for (size_t at = 5; at < words.size() && words[at] >> 16 != 0; at += words[at] >> 16) {
      if ((words[at] & 0xffff) != kOpString) continue;
      const std::string text = reinterpret_cast<const char*>(&words[at + 2]);
      if (text.find('/') == std::string::npos) continue;
      EXPECT_TRUE(text.starts_with("shaders/")) << kernel.name << ": " << text;
      ++named;
    }
  }
  EXPECT_GT(named, 50);
}

TEST(SpirvReflection, DamagedModulesAreRefused) {
  EXPECT_FALSE(reflect_spirv({}).ok());
  const auto whole = words_of("scale");
  std::vector<uint32_t> bad_magic(whole.begin(), whole.end());
  bad_magic[0] = 1;
  EXPECT_FALSE(reflect_spirv(bad_magic).ok());
  std::vector<uint32_t> zero_length(whole.begin(), whole.end());
  zero_length[5] = 17;  // an instruction of no words
  EXPECT_FALSE(reflect_spirv(zero_length).ok());
  const std::vector<uint32_t> only_header(whole.begin(), whole.begin() + 5);
  EXPECT_FALSE(reflect_spirv(only_header).ok());
  for (size_t n = 0; n < whole.size(); ++n) (void)reflect_spirv(whole.first(n));  // no crash
}

}  // namespace
}  // namespace tritium::vulkan
