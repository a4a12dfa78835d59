// Kernels from a folder of shaders in place of the embedded ones (VulkanOptions::shader_dir), through the backend.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>

#include "ops/backend.h"
#include "tests/vulkan/test_gpu.h"
#include "vulkan/pipelines/shader_folder.h"
#include "vulkan/vulkan_backend.h"

namespace tritium::vulkan {
namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// An environment variable for the time of a test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    setenv(name, value.c_str(), 1);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() {
    if (before_) setenv(name_, before_->c_str(), 1);
    if (!before_) unsetenv(name_);
  }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

class ShaderFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto devices = list_devices();
    if (!devices.ok()) GTEST_SKIP() << devices.message();
    fs::copy(TRITIUM_SHADERS, shaders_, fs::copy_options::recursive);
  }

  void edit(const std::string& file, const std::string& from, const std::string& to) {
    std::string text = content_of(shaders_ / file);
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << file << " has no " << from;
    std::ofstream(shaders_ / file, std::ios::binary) << text.replace(at, from.size(), to);
  }

  Result<std::unique_ptr<Backend>> open(const fs::path& folder) {
    return make_vulkan_backend({.device_index = 0,
                                .validation = true,
                                .log =
                                    [this](LogLevel level, const std::string& line) {
                                      if (level >= LogLevel::warning) log_.push_back(line);
                                    },
                                .pipeline_cache_dir = cache_.path(),
                                .shader_dir = folder});
  }

  // 2 + 3 by the kernel `add`.
  Result<float> two_and_three(const fs::path& folder) {
    auto backend = open(folder);
    if (!backend.ok()) return backend.status();
    const auto tensor = [&](float value) {
      auto made = (*backend)->allocate({1}, DType::f32, "value");
      EXPECT_TRUE(made.ok() && (*backend)->upload(*made, std::as_bytes(std::span(&value, 1))).ok());
      return *made;
    };
    const Tensor y = tensor(0);
    if (Status s = (*backend)->run(Add{.a = tensor(2), .b = tensor(3), .y = y}); !s.ok()) return s;
    float sum = 0;
    if (Status s = (*backend)->download(y, std::as_writable_bytes(std::span(&sum, 1))); !s.ok()) return s;
    return sum;
  }

  TemporaryFolder folder_, cache_;
  fs::path shaders_ = folder_.path() / "my 'shaders' $HOME";  // no shell reads this
  std::vector<std::string> log_;
};

TEST_F(ShaderFolderTest, UnchangedShadersAreNotCompiled) {
  const Variable no_compiler("TRITIUM_GLSLC", (folder_.path() / "nothing").string());
  const auto sum = two_and_three(shaders_);
  ASSERT_TRUE(sum.ok()) << sum.message();
  EXPECT_EQ(*sum, 5.0f);
  EXPECT_EQ(log_, std::vector<std::string>());
}

TEST_F(ShaderFolderTest, AChangedShaderIsUsedAndNamed) {
  edit("add.comp", "a[i] + b[i]", "a[i] - b[i]");
  const auto sum = two_and_three(shaders_);
  ASSERT_TRUE(sum.ok()) << sum.message();
  EXPECT_EQ(*sum, -1.0f);
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_NE(log_[0].find("shader add was compiled"), std::string::npos) << log_[0];
  EXPECT_NE(log_[0].find("add.comp differs"), std::string::npos) << log_[0];
}

TEST_F(ShaderFolderTest, TheEnvironmentNamesTheFolderToo) {
  edit("add.comp", "a[i] + b[i]", "a[i] - b[i]");
  const Variable folder("TRITIUM_SHADER_DIR", shaders_.string());
  EXPECT_EQ(*two_and_three({}), -1.0f);
}

TEST_F(ShaderFolderTest, AChangedHeaderReachesTheShadersThatIncludeIt) {
  edit("lib/grid.glsl", "#define", "#define TRITIUM_NEW 1\n#define");
  EXPECT_EQ(*two_and_three(shaders_), 5.0f);
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_NE(log_[0].find("lib/grid.glsl differs"), std::string::npos) << log_[0];
}

// lib/attention_tiles.glsl includes "lib/grid.glsl", which compilers look for beside it first.
TEST_F(ShaderFolderTest, AHeaderThatComesBeforeAnotherOfItsNameIsAChange) {
  const auto kernel = std::ranges::find(shader_table(), "attention_backward.softmax", &Kernel::name);
  ASSERT_NE(kernel, shader_table().end());
  const auto folder = ShaderFolder::open(shaders_, {});
  ASSERT_TRUE(folder.ok()) << folder.message();
  EXPECT_FALSE(folder->replacement(*kernel)->has_value());
  fs::create_directories(shaders_ / "lib/lib");
  fs::copy_file(shaders_ / "lib/grid.glsl", shaders_ / "lib/lib/grid.glsl");
  EXPECT_TRUE(folder->replacement(*kernel)->has_value());
}

TEST_F(ShaderFolderTest, VariantsAreCompiledAsTheBuildDoes) {
  const Variable rung("TRITIUM_VULKAN_RUNG", "dot");
  edit("ternary_matmul.comp", "#version 450",
       "#version 450\n#ifdef TRITIUM_VARIANT_DOT\n#error the variant\n#endif\n//");
  auto gpu = Gpu::open({.device_index = 0, .shader_dir = shaders_}, shader_table());
  ASSERT_TRUE(gpu.ok()) << gpu.message();
  if (!(*gpu)->device().dot_products) GTEST_SKIP() << "this device has no dot products";
  const Status status = (*gpu)->recorder().dispatch({.kernel = "ternary_matmul", .bindings = {}, .groups = {1, 1, 1}});
  EXPECT_EQ(status.code(), StatusCode::invalid_argument);
  EXPECT_NE(status.message().find("the variant"), std::string::npos) << status.message();
}

TEST_F(ShaderFolderTest, ARungThatThereIsNotIsAnError) {
  const Variable rung("TRITIUM_VULKAN_RUNG", "dots");
  const auto gpu = Gpu::open({.device_index = 0}, shader_table());
  EXPECT_EQ(gpu.code(), StatusCode::invalid_argument);
  EXPECT_NE(gpu.message().find("TRITIUM_VULKAN_RUNG=dots: "), std::string::npos) << gpu.message();
}

TEST_F(ShaderFolderTest, AnErrorOfTheCompilerNamesFileAndLine) {
  edit("add.comp", "a[i] + b[i]", "a[i] + c[i]");
  const auto sum = two_and_three(shaders_);
  EXPECT_EQ(sum.code(), StatusCode::invalid_argument);
  EXPECT_NE(sum.message().find((shaders_ / "add.comp").string() + ":16: error: "), std::string::npos) << sum.message();
  EXPECT_NE(sum.message().find("'c' : undeclared identifier"), std::string::npos) << sum.message();
}

TEST_F(ShaderFolderTest, WhatTheLauncherDoesNotExpectIsAnError) {
  edit("add.comp", "writeonly buffer Y { float y[]; };",
       "writeonly buffer Y { float y[]; };\n"
       "layout(set = 0, binding = 3) buffer Z { float z[]; };");
  edit("add.comp", "y[i] = a[i] + b[i]", "z[i] = y[i] = a[i] + b[i]");
  EXPECT_FALSE(two_and_three(shaders_).ok());
}

TEST_F(ShaderFolderTest, WithoutACompilerAChangedShaderIsAnErrorThatNamesIt) {
  edit("add.comp", "a[i] + b[i]", "a[i] - b[i]");
  const Variable no_compiler("TRITIUM_GLSLC", (folder_.path() / "nothing").string());
  const auto sum = two_and_three(shaders_);
  EXPECT_EQ(sum.code(), StatusCode::not_found);
  EXPECT_NE(sum.message().find("nothing: no such program"), std::string::npos) << sum.message();
  EXPECT_NE(sum.message().find("apt install"), std::string::npos) << sum.message();
}

TEST_F(ShaderFolderTest, AMissingFolderIsAnError) {
  const auto backend = open(folder_.path() / "elsewhere");
  EXPECT_EQ(backend.code(), StatusCode::invalid_argument);
  EXPECT_NE(backend.message().find("elsewhere: there is no such folder"), std::string::npos) << backend.message();
}

TEST_F(ShaderFolderTest, AFolderThatIsNoCopyOfTheShadersIsAnError) {
  fs::remove(shaders_ / "lib/grid.glsl");
  const auto backend = open(shaders_);
  EXPECT_EQ(backend.code(), StatusCode::invalid_argument);
  EXPECT_NE(backend.message().find("has no lib/grid.glsl"), std::string::npos) << backend.message();
}

TEST_F(ShaderFolderTest, ThePipelineCacheOnDiskStaysTheProgramsOwn) {
  EXPECT_EQ(*two_and_three(shaders_), 5.0f);
  const fs::path file = fs::directory_iterator(cache_.path())->path();
  const std::string before = content_of(file);
  edit("add.comp", "a[i] + b[i]", "a[i] - b[i]");
  EXPECT_EQ(*two_and_three(shaders_), -1.0f);
  EXPECT_EQ(content_of(file), before);
  EXPECT_EQ(*two_and_three({}), 5.0f);
}

TEST_F(ShaderFolderTest, NothingIsLeftAmongTemporaryFiles) {
  const Variable temporary("TMPDIR", cache_.path().string());
  edit("add.comp", "a[i] + b[i]", "a[i] + c[i]");
  EXPECT_FALSE(two_and_three(shaders_).ok());
  for (const auto& entry : fs::directory_iterator(cache_.path()))
    EXPECT_EQ(entry.path().string().find("tritium-shader"), std::string::npos) << entry.path();
}

}  // namespace
}  // namespace tritium::vulkan
