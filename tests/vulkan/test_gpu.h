// A device for tests, with validation on and kernels of the tests' own; shared by the tests of one program.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "vulkan/commands/command_recorder.h"
#include "vulkan/gpu.h"

namespace tritium::vulkan {

std::span<const Kernel> test_kernels();

// Messages of the validation layer, which may come from any thread.
class Messages {
 public:
  void add(const std::string& text) {
    const std::lock_guard lock(mutex_);
    texts_.push_back(text);
  }
  std::vector<std::string> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(texts_, {});
  }
  bool mention(const std::string& part) {
    for (const std::string& text : take())
      if (text.find(part) != std::string::npos) return true;
    return false;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> texts_;
};

// A folder that is removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Opens device 0; skips the test with the reason when there is none. Fails it on any validation message left
// at the end: a test that expects one takes it with messages().
class GpuTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Null, with the test failed or skipped, when it cannot be opened.
  std::unique_ptr<Gpu> open(const RecorderOptions& recorder = {});
  Gpu& gpu() { return *gpu_; }
  Messages& messages() { return *messages_; }
  bool validation_available() const;
  const std::filesystem::path& cache() const { return folder_.path(); }

  Tensor tensor(const std::vector<float>& values, const std::string& name);
  std::vector<float> values_of(const Tensor& tensor);
  Status scale(Gpu& gpu, const Tensor& x, const Tensor& y, uint32_t factor, float offset);
  Status accumulate(Gpu& gpu, const Tensor& x, const Tensor& sum);

 private:
  TemporaryFolder folder_;
  std::shared_ptr<Messages> messages_ = std::make_shared<Messages>();
  std::unique_ptr<Gpu> gpu_;
};

struct ScalePush {
  uint32_t n_values;
  float offset;
};

}  // namespace tritium::vulkan
