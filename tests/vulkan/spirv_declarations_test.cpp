// What is declared of a kernel when it is loaded.
#include "vulkan/pipelines/spirv_declarations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/vulkan/test_gpu.h"
#include "vulkan/device/device.h"
#include "vulkan/pipelines/spirv_reflection.h"

namespace tritium::vulkan {
namespace {

// Instructions of a module, in order: opcode and operands.
using Instruction = std::pair<uint32_t, std::vector<uint32_t>>;
std::vector<Instruction> instructions_of(std::span<const uint32_t> words) {
  std::vector<Instruction> list;
  for (size_t at = 5; at < words.size() && words[at] >> 16 != 0; at += words[at] >> 16)
    list.push_back({words[at] & 0xffff,
                    {words.begin() + static_cast<std::ptrdiff_t>(at + 1),
                     words.begin() + static_cast<std::ptrdiff_t>(at + (words[at] >> 16))}});
  return list;
}

constexpr uint32_t kCapability = 17, kExecutionMode = 16, kEntryPoint = 15, kDecorate = 71, kVariable = 59;
constexpr FloatControls kAll = {true, true, true};

bool has(const std::vector<Instruction>& list, uint32_t opcode, const std::vector<uint32_t>& operands) {
  return std::ranges::find(list, Instruction{opcode, operands}) != list.end();
}

TEST(SpirvDeclarations, EveryKernelDeclaresTheFloatControlsThatAreAskedFor) {
  for (const Kernel& kernel : shader_table()) {
    const auto list = instructions_of(with_float_controls(kernel.spirv, kAll));
    const auto entry = std::ranges::find(list, kEntryPoint, &Instruction::first);
    ASSERT_NE(entry, list.end()) << kernel.name;
    const uint32_t id = entry->second[1];
    for (const uint32_t capability :
         {4464u, 4466u, 4467u})  // DenormPreserve, SignedZeroInfNanPreserve, RoundingModeRTE
      EXPECT_TRUE(has(list, kCapability, {capability})) << kernel.name;
    for (const uint32_t mode : {4459u, 4461u, 4462u})  // likewise
      EXPECT_TRUE(has(list, kExecutionMode, {id, mode, 32})) << kernel.name;
    EXPECT_TRUE(reflect_spirv(with_float_controls(kernel.spirv, kAll)).ok()) << kernel.name;
  }
}

TEST(SpirvDeclarations, ADeviceThatKnowsNoneGetsTheModuleAsItIs) {
  for (const Kernel& kernel : shader_table())
    EXPECT_TRUE(std::ranges::equal(with_float_controls(kernel.spirv, {}), kernel.spirv)) << kernel.name;
  const auto list = instructions_of(with_float_controls(shader_table()[0].spirv, {.round_to_nearest_even = true}));
  EXPECT_TRUE(has(list, kCapability, {4467}));
  EXPECT_FALSE(has(list, kCapability, {4464}));
}

TEST(SpirvDeclarations, AllBuffersOfAModuleMayAlias) {
  for (const Kernel& kernel : shader_table()) {
    const auto list = instructions_of(with_aliased_buffers(kernel.spirv));
    size_t buffers = 0;
    for (const auto& [opcode, operands] : list)
      if (opcode == kVariable && operands[2] == 12) {                         // StorageBuffer
        EXPECT_TRUE(has(list, kDecorate, {operands[1], 20})) << kernel.name;  // Aliased
        ++buffers;
      }
    EXPECT_GT(buffers, 0u) << kernel.name;
    EXPECT_TRUE(reflect_spirv(with_aliased_buffers(kernel.spirv)).ok()) << kernel.name;
  }
}

TEST(SpirvDeclarations, WhatIsNoModuleStaysAsItIs) {
  const std::vector<uint32_t> none = {1, 2, 3};
  EXPECT_EQ(with_float_controls(none, kAll), none);
  EXPECT_EQ(with_aliased_buffers(none), none);
  std::vector<uint32_t> cut(shader_table()[0].spirv.begin(), shader_table()[0].spirv.end());
  cut.resize(6);  // within its first instruction
  EXPECT_EQ(with_float_controls(cut, kAll), cut);
}

class DeclaredOnDevice : public GpuTest {};

// The validation layer is on: it looks at what is declared against what the device announces.
TEST_F(DeclaredOnDevice, KernelsRunWithWhatTheDeviceAnnounces) {
  const FloatControls& device = gpu().device().float_controls;
  if (gpu().description().driver.find("llvmpipe") != std::string::npos) {
    EXPECT_TRUE(device.round_to_nearest_even);
  }
  const Tensor x = tensor({1, 2, 3}, "x"), y = tensor({0, 0, 0}, "y");
  ASSERT_TRUE(scale(gpu(), x, y, 2, 0.5f).ok());
  EXPECT_EQ(values_of(y), (std::vector<float>{2.5, 4.5, 6.5}));
}

TEST_F(DeclaredOnDevice, AKernelMayWriteWhatItReads) {
  const Tensor x = tensor({1, 2, 3}, "x");
  ASSERT_TRUE(scale(gpu(), x, x, 2, 0.5f).ok());
  EXPECT_EQ(values_of(x), (std::vector<float>{2.5, 4.5, 6.5}));
}

TEST_F(DeclaredOnDevice, AKernelThatBindsMoreThanTheDeviceAllowsIsUnsupported) {
  const Tensor x = tensor({1, 2, 3}, "x"), y = tensor({0, 0, 0}, "y");
  gpu().device().properties.limits.maxPerStageDescriptorStorageBuffers = 1;
  const Status status = scale(gpu(), x, y, 2, 0.5f);
  EXPECT_EQ(status.code(), StatusCode::unsupported);
  EXPECT_NE(status.message().find("scale binds 2 storage buffers"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace tritium::vulkan
