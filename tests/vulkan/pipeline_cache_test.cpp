#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/vulkan/test_gpu.h"
#include "vulkan/pipelines/cache_file.h"

namespace tritium::vulkan {
namespace {

namespace fs = std::filesystem;

std::vector<std::byte> some_bytes(size_t n) {
  std::vector<std::byte> bytes(n);
  for (size_t i = 0; i < n; ++i) bytes[i] = static_cast<std::byte>(i * 7);
  return bytes;
}

std::vector<char> content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void overwrite(const fs::path& file, const std::vector<char>& content) {
  std::ofstream(file, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
}

constexpr CacheKey kKey = {.device_uuid = {1, 2, 3}, .cache_uuid = {4, 5}, .driver_version = 9};

TEST(CacheFile, RoundTrip) {
  const TemporaryFolder folder;
  const fs::path file = cache_file(folder.path() / "made" / "on demand", kPipelineCache, kKey);
  const auto data = some_bytes(1000);
  const Status written = write_cache(file, kPipelineCache, kKey, data);
  ASSERT_TRUE(written.ok()) << written.message();
  EXPECT_EQ(read_cache(file, kPipelineCache, kKey), data);
}

TEST(CacheFile, AnotherDeviceOrDriverReadsNothing) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "cache.bin";
  ASSERT_TRUE(write_cache(file, kPipelineCache, kKey, some_bytes(10)).ok());
  CacheKey other = kKey;
  other.driver_version = 10;
  EXPECT_FALSE(read_cache(file, kPipelineCache, other));
  other = kKey;
  other.cache_uuid[15] = 1;
  EXPECT_FALSE(read_cache(file, kPipelineCache, other));
  other = kKey;
  other.kernels = 1;
  EXPECT_FALSE(read_cache(file, kPipelineCache, other));
}

TEST(CacheFile, AFileOfAnotherKindReadsNothing) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "cache.bin";
  ASSERT_TRUE(write_cache(file, kPipelineCache, kKey, some_bytes(10)).ok());
  EXPECT_FALSE(read_cache(file, kFusionCache, kKey));
  EXPECT_NE(cache_file(folder.path(), kFusionCache, kKey), cache_file(folder.path(), kPipelineCache, kKey));
}

TEST(CacheFile, EveryDamageIsNoticed) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "cache.bin";
  EXPECT_FALSE(read_cache(file, kPipelineCache, kKey));
  ASSERT_TRUE(write_cache(file, kPipelineCache, kKey, some_bytes(100)).ok());
  const std::vector<char> good = content_of(file);
  for (size_t n = 0; n < good.size(); ++n) {
    overwrite(file, {good.begin(), good.begin() + static_cast<long>(n)});
    EXPECT_FALSE(read_cache(file, kPipelineCache, kKey)) << "cut to " << n;
  }
  for (const size_t at : {size_t{0}, size_t{9}, size_t{50}, size_t{60}, good.size() - 1}) {
    std::vector<char> bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    overwrite(file, bad);
    EXPECT_FALSE(read_cache(file, kPipelineCache, kKey)) << "byte " << at;
  }
}

TEST(CacheFile, FolderComesFromTheEnvironment) {
  EXPECT_EQ(cache_folder("/given"), "/given");
  const char* home = std::getenv("HOME");
  const std::string old_home = home ? home : "";
  unsetenv("XDG_CACHE_HOME");
  setenv("HOME", "/someones/home", 1);
  EXPECT_EQ(cache_folder({}), "/someones/home/.cache/tritium");
  setenv("XDG_CACHE_HOME", "/cache", 1);
  EXPECT_EQ(cache_folder({}), "/cache/tritium");
  unsetenv("XDG_CACHE_HOME");
  unsetenv("HOME");
  EXPECT_EQ(cache_folder({}), "");
  if (home) setenv("HOME", old_home.c_str(), 1);
}

class PipelineCache : public GpuTest {
 protected:
  // The only file in the cache folder.
  fs::path file() {
    for (const auto& entry : fs::directory_iterator(cache())) return entry.path();
    return {};
  }
  void use_and_close() {
    const auto other = open();
    ASSERT_TRUE(other);
    const auto x = other->allocate({8}, DType::f32, "x");
    const auto y = other->allocate({8}, DType::f32, "y");
    ASSERT_TRUE(scale(*other, *x, *y, 1, 1.0f).ok());
    std::vector<float> values(8);
    ASSERT_TRUE(other->download(*y, std::as_writable_bytes(std::span(values))).ok());
    EXPECT_EQ(values, std::vector<float>(8, 1.0f));
  }
};

TEST_F(PipelineCache, IsWrittenAndUsedAgain) {
  use_and_close();
  ASSERT_FALSE(file().empty());
  EXPECT_GT(fs::file_size(file()), 64u);
  use_and_close();
}

TEST_F(PipelineCache, DamagedFilesAreReplaced) {
  use_and_close();
  const fs::path path = file();
  const std::vector<char> good = content_of(path);
  std::vector<char> bad = good;
  bad[bad.size() / 2] = static_cast<char>(~bad[bad.size() / 2]);
  overwrite(path, bad);
  use_and_close();
  EXPECT_NE(content_of(path), bad);
  overwrite(path, {'j', 'u', 'n', 'k'});
  use_and_close();
  EXPECT_EQ(content_of(path).size(), good.size());
}

TEST_F(PipelineCache, FolderThatCannotBeMadeIsNoError) {
  overwrite(cache() / "a file", {'x'});
  VulkanOptions options;
  options.pipeline_cache_dir = cache() / "a file" / "cache";
  const auto other = Gpu::open(options, test_kernels());
  ASSERT_TRUE(other.ok()) << other.message();
  const auto x = (*other)->allocate({8}, DType::f32, "x");
  const auto y = (*other)->allocate({8}, DType::f32, "y");
  EXPECT_TRUE(scale(**other, *x, *y, 1, 1.0f).ok());
}

}  // namespace
}  // namespace tritium::vulkan
