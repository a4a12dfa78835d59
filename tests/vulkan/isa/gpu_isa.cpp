// gpu_isa: compiles every kernel, with each set of specialisation constants that is dispatched, on the Vulkan driver
// that the loader finds, and prints what the driver tells about the result: a JSON line for the device, then one a
// kernel with its statistics and its machine code. Runs nothing: the device may be one that exists only in the driver.
// Exit code 77: no such driver, or one that does not tell.
#include <algorithm>
#include <cstdio>
#include <set>
#include <string>
#include <utility>

#include "base/format_text.h"
#include "base/json.h"
#include "tests/vulkan/isa/dispatched_kernels.h"
#include "vulkan/pipelines/pipelines.h"

namespace tritium::vulkan {
namespace {

constexpr int kFailed = 1, kSkipped = 77;

// {"VGPRs": 24, …}
std::string statistics_of(const Device& device, const vk::PipelineExecutableInfoKHR& executable) {
  std::string text;
  for (const auto& s : device.handle.getPipelineExecutableStatisticsKHR(executable)) {
    using Format = vk::PipelineExecutableStatisticFormatKHR;
    const std::string value = s.format == Format::eBool32   ? join(s.value.b32)
                              : s.format == Format::eInt64  ? join(s.value.i64)
                              : s.format == Format::eUint64 ? join(s.value.u64)
                                                            : join(s.value.f64);
    text += join(text.empty() ? "" : ", ", json_quoted(s.name.data()), ": ", value);
  }
  return "{" + text + "}";
}

// The text in which the driver shows machine code; of the others (SPIR-V, NIR, …) there is no need.
std::string machine_code_of(const Device& device, const vk::PipelineExecutableInfoKHR& executable) {
  // Asked twice: for the sizes, then for the texts.
  const auto* calls = device.handle.getDispatcher();
  const VkPipelineExecutableInfoKHR& info = executable;
  uint32_t count = 0;
  const auto ask = [&](VkPipelineExecutableInternalRepresentationKHR* into) {
    calls->vkGetPipelineExecutableInternalRepresentationsKHR(*device.handle, &info, &count, into);
  };
  ask(nullptr);
  std::vector<VkPipelineExecutableInternalRepresentationKHR> shown(
      count, {.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INTERNAL_REPRESENTATION_KHR});
  ask(shown.data());
  std::vector<std::string> texts;
  for (auto& representation : shown) {
    texts.emplace_back(representation.dataSize, '\0');
    representation.pData = texts.back().data();
  }
  ask(shown.data());
  for (size_t i = 0; i < shown.size(); ++i)
    if (shown[i].isText && std::string_view(shown[i].name) == "Assembly")
      return std::string(texts[i].c_str());  // up to the end of the text
  return {};
}

void print_device(const Device& device) {
  std::printf("%s\n", join("{\"device\": ", json_quoted(device.description.name),
                           ", \"driver\": ", json_quoted(device.description.driver), "}")
                          .c_str());
}

Status print_kernel(const Device& device, Pipelines& pipelines, const DispatchedKernel& d) {
  const Result<LoadedKernel*> kernel = pipelines.kernel(d.name);
  if (!kernel.ok()) return kernel.status();
  const Result<vk::Pipeline> pipeline = pipelines.pipeline(**kernel, d.constants, d.aliased);
  if (!pipeline.ok()) return pipeline.status();
  std::string constants;
  for (const uint32_t c : d.constants) constants += join(constants.empty() ? "" : ", ", c);
  const vk::PipelineExecutableInfoKHR executable = {.pipeline = *pipeline, .executableIndex = 0};
  std::printf("%s\n", join("{\"kernel\": ", json_quoted(d.name), ", \"constants\": [", constants, "], \"aliased\": ",
                           d.aliased ? "true" : "false", ", \"first_use\": ", json_quoted(d.first_use),
                           ", \"statistics\": ", statistics_of(device, executable),
                           ", \"isa\": ", json_quoted(machine_code_of(device, executable)), "}")
                          .c_str());
  return Status();
}

int print_all(const std::shared_ptr<Device>& device) {
  Result<std::vector<DispatchedKernel>> kernels = dispatched_kernels(device->limits);
  if (!kernels.ok()) {
    std::fprintf(stderr, "%s\n", kernels.message().c_str());
    return kFailed;
  }
  std::set<std::string> names;
  for (const DispatchedKernel& kernel : *kernels) names.insert(kernel.name);
  for (const Kernel& kernel : shader_table())
    if (!names.contains(std::string(kernel.name)) && !kernel.name.ends_with(".dot"))
      kernels->push_back({.name = std::string(kernel.name), .constants = {}, .first_use = "nothing that was asked"});
  // Beside each kernel its variant with dot products, where the device has them; and the kernel itself even so.
  if (std::exchange(device->dot_products, false))
    for (size_t i = 0, n = kernels->size(); i < n; ++i) {
      DispatchedKernel variant = (*kernels)[i];
      variant.name += ".dot";
      const auto known = [&](const Kernel& kernel) { return kernel.name == variant.name; };
      if (std::ranges::any_of(shader_table(), known)) kernels->push_back(std::move(variant));
    }
  print_device(*device);
  Pipelines pipelines(device, shader_table(), {});
  for (const DispatchedKernel& kernel : *kernels)
    if (const Status s = print_kernel(*device, pipelines, kernel); !s.ok()) {
      std::fprintf(stderr, "%s: %s\n", kernel.name.c_str(), s.message().c_str());
      return kFailed;
    }
  return 0;
}

int run() {
  VulkanOptions options;
  options.keep_machine_code = true;
  Result<std::shared_ptr<Device>> device = open_device(options);
  if (!device.ok()) {
    std::fprintf(stderr, "%s\n", device.message().c_str());
    const bool lacking = device.code() == StatusCode::not_found || device.code() == StatusCode::unsupported;
    return lacking ? kSkipped : kFailed;
  }
  try {
    return print_all(*device);
  } catch (const std::exception& e) {  // the driver's
    std::fprintf(stderr, "%s\n", e.what());
    return kFailed;
  }
}

}  // namespace
}  // namespace tritium::vulkan

int main() { return tritium::vulkan::run(); }
