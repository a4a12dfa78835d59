#include "tests/vulkan/test_gpu.h"

#include <unistd.h>

#include <cstdlib>

namespace tritium::vulkan {

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tritium-vulkan-XXXXXX").string();
  if (mkdtemp(pattern.data())) path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

std::unique_ptr<Gpu> GpuTest::open(const RecorderOptions& recorder) {
  VulkanOptions options;
  options.validation = true;
  options.on_validation_message = [messages = messages_](const std::string& text) { messages->add(text); };
  options.pipeline_cache_dir = cache();
  Result<std::unique_ptr<Gpu>> gpu = Gpu::open(options, test_kernels(), recorder);
  if (gpu.ok()) return std::move(*gpu);
  ADD_FAILURE() << gpu.message();
  return nullptr;
}

void GpuTest::SetUp() {
  const auto devices = list_devices();
  if (!devices.ok()) GTEST_SKIP() << devices.message();
  gpu_ = open();
  if (!gpu_) GTEST_SKIP() << "device 0 cannot be opened";
}

void GpuTest::TearDown() {
  gpu_.reset();
  for (const std::string& text : messages_->take()) ADD_FAILURE() << "validation: " << text;
}

bool GpuTest::validation_available() const { return gpu_->device().instance->validation; }

Tensor GpuTest::tensor(const std::vector<float>& values, const std::string& name) {
  Result<Tensor> made = gpu().allocate({static_cast<int64_t>(values.size())}, DType::f32, name);
  EXPECT_TRUE(made.ok()) << made.message();
  if (!made.ok()) return {};
  const Status status = gpu().upload(*made, std::as_bytes(std::span(values)));
  EXPECT_TRUE(status.ok()) << status.message();
  return *made;
}

std::vector<float> GpuTest::values_of(const Tensor& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.elements()));
  const Status status = gpu().download(tensor, std::as_writable_bytes(std::span(values)));
  EXPECT_TRUE(status.ok()) << status.message();
  return values;
}

Status GpuTest::scale(Gpu& gpu, const Tensor& x, const Tensor& y, uint32_t factor, float offset) {
  const ScalePush push = {static_cast<uint32_t>(x.elements()), offset};
  return gpu.recorder().dispatch({.kernel = "scale",
                                  .bindings = {{&x, Access::read}, {&y, Access::write}},
                                  .push_constants = bytes_of(push),
                                  .groups = {(push.n_values + 63) / 64, 1, 1},
                                  .constants = {factor}});
}

Status GpuTest::accumulate(Gpu& gpu, const Tensor& x, const Tensor& sum) {
  const auto n = static_cast<uint32_t>(x.elements());
  return gpu.recorder().dispatch({.kernel = "accumulate",
                                  .bindings = {{&x, Access::read}, {&sum, Access::write}},
                                  .push_constants = bytes_of(n),
                                  .groups = {(n + 31) / 32, 1, 1},
                                  .constants = {32}});
}

}  // namespace tritium::vulkan
