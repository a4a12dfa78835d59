// The Vulkan backend's own part of Backend: weights in their layout, names, errors. Operations: tests/ops.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "ops/weight_layout.h"
#include "shaders/lib/device_trits.h"
#include "tensor/ternary_matrix.h"
#include "tests/vulkan/test_gpu.h"
#include "vulkan/vulkan_backend.h"

namespace tritium::vulkan {
namespace {

class VulkanBackendTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto devices = list_devices();
    if (!devices.ok()) GTEST_SKIP() << devices.message();
    auto made = make_vulkan_backend({.device_index = 0, .validation = true, .pipeline_cache_dir = cache_.path()});
    ASSERT_TRUE(made.ok()) << made.message();
    backend_ = std::move(*made);
  }
  void TearDown() override {
    backend_.reset();
    EXPECT_EQ(validation_message_count(), messages_before_);
  }

  template <typename T>
  std::vector<T> download(const Tensor& tensor) {
    std::vector<T> values(static_cast<size_t>(tensor.bytes()) / sizeof(T));
    const Status status = backend_->download(tensor, std::as_writable_bytes(std::span(values)));
    EXPECT_TRUE(status.ok()) << status.message();
    return values;
  }

  TemporaryFolder cache_;
  uint64_t messages_before_ = validation_message_count();
  std::unique_ptr<Backend> backend_;
};

TernaryMatrix some_trits(int64_t n, int64_t rows, int64_t cols, ScaleGranularity granularity, int64_t group) {
  TernaryMatrix matrix(n, rows, cols, granularity, group);
  for (int64_t m = 0; m < n; ++m)
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < cols; ++c) matrix.set_trit(m, r, c, static_cast<int>((m + 3 * r + c * c) % 3) - 1);
  float scale = 0.5f;
  for (float& s : matrix.scales()) s = scale += 0.25f;
  return matrix;
}

TEST_F(VulkanBackendTest, TernaryWeightsKeepTheirCodesTransposedAndKernelScales) {
  for (const auto granularity : {ScaleGranularity::tensor, ScaleGranularity::row, ScaleGranularity::group}) {
    const TernaryMatrix matrix = some_trits(2, 3, 300, granularity, 64);
    const auto weight = backend_->upload_weight(matrix, "w");
    ASSERT_TRUE(weight.ok()) << weight.message();
    EXPECT_EQ(weight->row_stride, 512);
    EXPECT_EQ(weight->group_size, granularity == ScaleGranularity::group ? 64 : 512);
    const auto words = download<uint32_t>(weight->data);
    EXPECT_TRUE(std::ranges::equal(words, matrix.words(), {}, shader::transposed_codes));
    EXPECT_TRUE(std::ranges::equal(backend_->download_weight(*weight)->words(), matrix.words()));
    EXPECT_EQ(download<float>(weight->scales), kernel_scales(matrix));
  }
}

TEST_F(VulkanBackendTest, DenseWeightsArePaddedToEightElements) {
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
    const auto element = static_cast<size_t>(bits_of(dtype) / 8);
    DenseMatrix matrix = {.n_matrices = 2, .rows = 5, .cols = 13, .dtype = dtype, .bytes = {}};
    matrix.bytes.resize(2 * 5 * 13 * element);
    for (size_t i = 0; i < matrix.bytes.size(); ++i) matrix.bytes[i] = static_cast<std::byte>(1 + i % 250);
    const auto weight = backend_->upload_weight(matrix, "w");
    ASSERT_TRUE(weight.ok()) << weight.message();
    EXPECT_EQ(weight->row_stride, 16);
    std::vector<std::byte> expected(2 * 5 * 16 * element);
    for (size_t row = 0; row < 10; ++row)
      std::memcpy(&expected[row * 16 * element], &matrix.bytes[row * 13 * element], 13 * element);
    EXPECT_EQ(download<std::byte>(weight->data), expected);
  }
}

TEST_F(VulkanBackendTest, WeightsOfManyChunksArrive) {
  // 12 MiB in rows that no chunk boundary respects.
  DenseMatrix matrix = {.n_matrices = 1, .rows = 3001, .cols = 1047, .dtype = DType::f32, .bytes = {}};
  std::vector<float> values(3001 * 1047);
  std::iota(values.begin(), values.end(), 1.0f);
  matrix.bytes.resize(values.size() * 4);
  std::memcpy(matrix.bytes.data(), values.data(), matrix.bytes.size());
  const auto weight = backend_->upload_weight(matrix, "w");
  ASSERT_TRUE(weight.ok()) << weight.message();
  const auto padded = download<float>(weight->data);
  for (size_t row = 0; row < 3001; ++row) {
    ASSERT_TRUE(std::equal(&values[row * 1047], &values[row * 1047] + 1047, &padded[row * 1048])) << row;
    ASSERT_EQ(padded[row * 1048 + 1047], 0.0f) << row;
  }
}

TEST_F(VulkanBackendTest, NamesItselfAndCountsSubmissions) {
  EXPECT_EQ(backend_->name(), "vulkan:0");
  const uint64_t before = device_work(*backend_).submits;
  const auto t = backend_->allocate({4}, DType::f32, "t");
  ASSERT_TRUE(t.ok());
  (void)download<float>(*t);
  EXPECT_EQ(device_work(*backend_).submits, before + 1);
}

TEST_F(VulkanBackendTest, CapturesNeedACaptureFile) {
  EXPECT_EQ(begin_capture(*backend_).code(), StatusCode::invalid_argument);
  EXPECT_EQ(end_capture(*backend_).code(), StatusCode::invalid_argument);
}

TEST_F(VulkanBackendTest, UnknownDevicesAreAnError) {
  const auto missing = make_vulkan_backend({.device_index = 99});
  EXPECT_EQ(missing.code(), StatusCode::invalid_argument) << missing.message();
}

}  // namespace
}  // namespace tritium::vulkan
