// Debug information by which RenderDoc steps through GLSL, made of glslc's.
#include "vulkan/pipelines/spirv_debug_info.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "tests/vulkan/test_gpu.h"
#include "vulkan/pipelines/spirv_reflection.h"

namespace tritium::vulkan {
namespace {

constexpr uint32_t kSource = 3, kString = 7, kLine = 8, kExtension = 10, kImport = 11, kExtInst = 12, kConstant = 43;
constexpr uint32_t kDebugFunction = 20, kDebugSource = 35, kDebugLine = 103;
constexpr const char* kSet = "NonSemantic.Shader.DebugInfo.100";

struct Instruction {
  uint32_t opcode;
  std::vector<uint32_t> operands;
  bool operator==(const Instruction&) const = default;

  std::string text(size_t from) const {
    return from < operands.size() ? reinterpret_cast<const char*>(operands.data() + from) : "";
  }
};

std::vector<Instruction> instructions_of(std::span<const uint32_t> words) {
  std::vector<Instruction> list;
  for (size_t at = 5; at < words.size() && words[at] >> 16 != 0; at += words[at] >> 16) {
    const auto all = words.subspan(at, words[at] >> 16);
    list.push_back({words[at] & 0xffff, {all.begin() + 1, all.end()}});
  }
  return list;
}

// What a device computes: without strings, lines, constants (more of which are no difference), and instructions of the
// set.
std::vector<Instruction> meaning_of(const std::vector<Instruction>& list) {
  std::set<uint32_t> sets;
  std::vector<Instruction> kept;
  for (const Instruction& in : list) {
    if (in.opcode == kImport && in.text(1) == kSet) sets.insert(in.operands[0]);
    const bool debug = (in.opcode >= 2 && in.opcode <= 8) || in.opcode == 317 || in.opcode == kConstant ||
                       (in.opcode == kImport && in.text(1) == kSet) ||
                       (in.opcode == kExtension && in.text(0) == "SPV_KHR_non_semantic_info") ||
                       (in.opcode == kExtInst && sets.contains(in.operands[2]));
    if (!debug) kept.push_back(in);
  }
  return kept;
}

std::vector<Instruction> debug_instructions(const std::vector<Instruction>& list, uint32_t what) {
  std::set<uint32_t> sets;
  std::vector<Instruction> found;
  for (const Instruction& in : list) {
    if (in.opcode == kImport && in.text(1) == kSet) sets.insert(in.operands[0]);
    if (in.opcode == kExtInst && sets.contains(in.operands[2]) && in.operands[3] == what) found.push_back(in);
  }
  return found;
}

std::string string_of(const std::vector<Instruction>& list, uint32_t id) {
  for (const Instruction& in : list)
    if (in.opcode == kString && in.operands[0] == id) return in.text(1);
  return {};
}

uint32_t constant_of(const std::vector<Instruction>& list, uint32_t id) {
  for (const Instruction& in : list)
    if (in.opcode == kConstant && in.operands[1] == id) return in.operands[2];
  return 0;
}

const Kernel& scale_kernel() {
  static const Kernel kernel = *std::ranges::find(test_kernels(), "scale", &Kernel::name);
  return kernel;
}

TEST(SpirvDebugInfo, EveryKernelComputesWhatItDid) {
  for (const Kernel& kernel : shader_table()) {
    const std::vector<uint32_t> words = with_debug_info(kernel.spirv);
    EXPECT_EQ(meaning_of(instructions_of(words)), meaning_of(instructions_of(kernel.spirv))) << kernel.name;
    EXPECT_TRUE(reflect_spirv(words).ok()) << kernel.name;
  }
}

TEST(SpirvDebugInfo, EveryIdIsBelowTheBoundAndDefinedOnce) {
  for (const Kernel& kernel : shader_table()) {
    const std::vector<uint32_t> words = with_debug_info(kernel.spirv);
    std::set<uint32_t> defined;
    for (const Instruction& in : instructions_of(words)) {
      if (in.opcode != kExtInst && in.opcode != kConstant && in.opcode != kString) continue;
      const uint32_t id = in.opcode == kString ? in.operands[0] : in.operands[1];
      EXPECT_LT(id, words[3]) << kernel.name;
      EXPECT_TRUE(defined.insert(id).second) << kernel.name << ": " << id;
    }
  }
}

TEST(SpirvDebugInfo, LinesFilesAndFunctionsAreThoseOfTheSource) {
  const auto before = instructions_of(scale_kernel().spirv);
  const auto after = instructions_of(with_debug_info(scale_kernel().spirv));
  std::set<uint32_t> lines, now;
  for (const Instruction& in : before)
    if (in.opcode == kLine) lines.insert(in.operands[1]);
  for (const Instruction& in : debug_instructions(after, kDebugLine)) now.insert(constant_of(after, in.operands[5]));
  EXPECT_FALSE(now.empty());
  EXPECT_TRUE(std::ranges::includes(lines, now));
  EXPECT_EQ(std::ranges::count(after, kLine, &Instruction::opcode), 0);
  EXPECT_EQ(std::ranges::count(after, kSource, &Instruction::opcode), 0);

  const auto sources = debug_instructions(after, kDebugSource);
  ASSERT_EQ(sources.size(), 1u);
  EXPECT_TRUE(string_of(after, sources[0].operands[4]).ends_with("scale.comp"));
  EXPECT_NE(string_of(after, sources[0].operands[5]).find("void main() {"), std::string::npos);
  const auto functions = debug_instructions(after, kDebugFunction);
  ASSERT_EQ(functions.size(), 1u);
  EXPECT_EQ(string_of(after, functions[0].operands[4]), "main");
}

TEST(SpirvDebugInfo, WhatHasNoSourceOrIsNoModuleStaysAsItIs) {
  const std::vector<uint32_t> once = with_debug_info(scale_kernel().spirv);
  EXPECT_EQ(with_debug_info(once), once);
  const std::vector<uint32_t> junk = {1, 2, 3};
  EXPECT_EQ(with_debug_info(junk), junk);
  EXPECT_EQ(with_debug_info({}), std::vector<uint32_t>());
  std::vector<uint32_t> cut(scale_kernel().spirv.begin(), scale_kernel().spirv.end());
  cut.back() = 0xffff0000;  // an instruction that is longer than the module
  EXPECT_EQ(with_debug_info(cut), cut);
}

// With validation: the layer reads the instructions, too.
class DebugInfoOnADevice : public GpuTest {};

TEST_F(DebugInfoOnADevice, GivesTheSameValues) {
  const std::vector<uint32_t> words = with_debug_info(scale_kernel().spirv);
  const Kernel kernel = {.name = "scale", .spirv = words};
  VulkanOptions options;
  options.validation = true;
  options.on_validation_message = [this](const std::string& text) { messages().add(text); };
  options.pipeline_cache_dir = cache();
  const auto other = Gpu::open(options, std::span(&kernel, 1));
  ASSERT_TRUE(other.ok()) << other.message();
  const auto x = (*other)->allocate({8}, DType::f32, "x");
  const auto y = (*other)->allocate({8}, DType::f32, "y");
  ASSERT_TRUE(scale(**other, *x, *y, 3, 2.0f).ok());
  std::vector<float> values(8);
  ASSERT_TRUE((*other)->download(*y, std::as_writable_bytes(std::span(values))).ok());
  EXPECT_EQ(values, std::vector<float>(8, 2.0f));
  // The one message that may come: this device was opened without what only builds with TRITIUM_SHADER_DEBUG ask for.
  for (const std::string& text : messages().take())
    EXPECT_NE(text.find("SPV_KHR_non_semantic_info"), std::string::npos) << text;
}

}  // namespace
}  // namespace tritium::vulkan
