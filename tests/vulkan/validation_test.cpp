// Proof that validation would notice our mistakes: the other tests' silence means something.
#include "tests/vulkan/test_gpu.h"
#include "vulkan/device/device.h"

namespace tritium::vulkan {
namespace {

class Validation : public GpuTest {
 protected:
  void SetUp() override {
    GpuTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (!validation_available()) GTEST_SKIP() << "VK_LAYER_KHRONOS_validation is not installed";
  }
};

TEST_F(Validation, NoticesAMissingBarrier) {
  const auto careless = open({.barriers = false});
  ASSERT_TRUE(careless);
  const auto a = careless->allocate({64}, DType::f32, "a");
  const auto b = careless->allocate({64}, DType::f32, "b");
  const auto c = careless->allocate({64}, DType::f32, "c");
  std::vector<float> values(64);
  ASSERT_TRUE(careless->download(*a, std::as_writable_bytes(std::span(values))).ok());
  (void)messages().take();  // the fills before the first copy
  const uint64_t before = validation_message_count();
  ASSERT_TRUE(scale(*careless, *a, *b, 1, 1.0f).ok());
  ASSERT_TRUE(scale(*careless, *b, *c, 1, 1.0f).ok());  // reads what the first wrote
  ASSERT_TRUE(careless->submit().ok());
  EXPECT_GT(validation_message_count(), before);
  EXPECT_TRUE(messages().mention("READ_AFTER_WRITE"));
}

TEST_F(Validation, IsSilentWithTheBarrier) {
  const auto a = gpu().allocate({64}, DType::f32, "a");
  const auto b = gpu().allocate({64}, DType::f32, "b");
  const auto c = gpu().allocate({64}, DType::f32, "c");
  const uint64_t before = validation_message_count();
  ASSERT_TRUE(scale(gpu(), *a, *b, 1, 1.0f).ok());
  ASSERT_TRUE(scale(gpu(), *b, *c, 1, 1.0f).ok());
  ASSERT_TRUE(scale(gpu(), *c, *a, 1, 1.0f).ok());
  EXPECT_EQ(values_of(*a), std::vector<float>(64, 3.0f));
  EXPECT_EQ(validation_message_count(), before);
}

TEST_F(Validation, NoticesADescriptorOutsideItsBuffer) {
  const auto& device = gpu().device().handle;
  const vk::raii::Buffer buffer(device, {.size = 256, .usage = vk::BufferUsageFlagBits::eStorageBuffer});
  const vk::DescriptorSetLayoutBinding binding = {.binding = 0,
                                                  .descriptorType = vk::DescriptorType::eStorageBuffer,
                                                  .descriptorCount = 1,
                                                  .stageFlags = vk::ShaderStageFlagBits::eCompute};
  const vk::raii::DescriptorSetLayout layout(device, {.bindingCount = 1, .pBindings = &binding});
  const vk::DescriptorPoolSize size = {vk::DescriptorType::eStorageBuffer, 1};
  const vk::raii::DescriptorPool pool(device, {.flags = vk::DescriptorPoolCreateFlagBits::eFreeDescriptorSet,
                                               .maxSets = 1,
                                               .poolSizeCount = 1,
                                               .pPoolSizes = &size});
  const vk::DescriptorSetLayout set_layout = *layout;
  const vk::raii::DescriptorSets sets(device,
                                      {.descriptorPool = *pool, .descriptorSetCount = 1, .pSetLayouts = &set_layout});
  const vk::DescriptorBufferInfo window = {*buffer, 0, 1024};  // the buffer has 256
  device.updateDescriptorSets(vk::WriteDescriptorSet{.dstSet = *sets[0],
                                                     .dstBinding = 0,
                                                     .descriptorCount = 1,
                                                     .descriptorType = vk::DescriptorType::eStorageBuffer,
                                                     .pBufferInfo = &window},
                              nullptr);
  EXPECT_TRUE(messages().mention("VUID-VkDescriptorBufferInfo-range"));
}

}  // namespace
}  // namespace tritium::vulkan
