#include "vulkan/pipelines/pipelines.h"

#include <algorithm>

#include "base/checksum.h"
#include "base/format_text.h"
#include "base/log.h"
#include "vulkan/pipelines/spirv_debug_info.h"
#include "vulkan/pipelines/spirv_declarations.h"

namespace tritium::vulkan {
namespace {

constexpr std::string_view kDotVariant = ".dot";

}  // namespace

Pipelines::Pipelines(std::shared_ptr<Device> device, std::span<const Kernel> kernels,
                     const std::filesystem::path& cache_dir, std::optional<ShaderFolder> shaders)
    : device_(std::move(device)), shaders_(std::move(shaders)) {
  for (const Kernel& kernel : kernels) kernels_[kernel.name] = kernel;
  cache_key_ = {.device_uuid = device_->id.deviceUUID,
                .cache_uuid = device_->properties.pipelineCacheUUID,
                .driver_version = device_->properties.driverVersion};
  std::optional<std::vector<std::byte>> content;
  if (!cache_dir.empty()) {
    cache_file_ = cache_file(cache_dir, kPipelineCache, cache_key_);
    content = read_cache(cache_file_, kPipelineCache, cache_key_);
  }
  vk::PipelineCacheCreateInfo info;
  if (content) {
    info.initialDataSize = content->size();
    info.pInitialData = content->data();
  }
  cache_ = vk::raii::PipelineCache(device_->handle, info);
}

Pipelines::~Pipelines() {
  if (!compiled_any_ || replaced_any_ || cache_file_.empty() || device_->health.lost()) return;
  try {
    const std::vector<uint8_t> data = cache_.getData();
    const Status status = write_cache(cache_file_, kPipelineCache, cache_key_, std::as_bytes(std::span(data)));
    if (!status.ok()) log_to(device_->log, LogLevel::debug, "pipeline cache not kept: " + status.message());
  } catch (...) {  // the next start compiles again, no more
  }
}

vk::raii::ShaderModule Pipelines::make_module(const LoadedKernel& kernel, bool aliased) const {
  std::vector<uint32_t> words(kernel.spirv.begin(), kernel.spirv.end());
  // RenderDoc (1.24) does not step through a kernel that declares how it rounds.
  words = shader_build().debug_info ? with_debug_info(words) : with_float_controls(words, device_->float_controls);
  if (aliased) words = with_aliased_buffers(words);
  vk::raii::ShaderModule module(device_->handle, {.codeSize = words.size() * sizeof(uint32_t), .pCode = words.data()});
  device_->set_name(module, kernel.name + ".comp");
  return module;
}

void Pipelines::make_layout(LoadedKernel& kernel) const {
  std::vector<vk::DescriptorSetLayoutBinding> bindings;
  for (uint32_t i = 0; i < kernel.shader.bindings.size(); ++i)
    bindings.push_back({.binding = i,
                        .descriptorType = vk::DescriptorType::eStorageBuffer,
                        .descriptorCount = 1,
                        .stageFlags = vk::ShaderStageFlagBits::eCompute});
  kernel.set_layout = vk::raii::DescriptorSetLayout(
      device_->handle, {.bindingCount = static_cast<uint32_t>(bindings.size()), .pBindings = bindings.data()});
  const vk::DescriptorSetLayout set_layout = *kernel.set_layout;
  const vk::PushConstantRange push = {vk::ShaderStageFlagBits::eCompute, 0, kernel.shader.push_constant_bytes};
  kernel.layout = vk::raii::PipelineLayout(device_->handle, {.setLayoutCount = 1,
                                                             .pSetLayouts = &set_layout,
                                                             .pushConstantRangeCount = push.size > 0 ? 1u : 0u,
                                                             .pPushConstantRanges = &push});
}

Result<std::unique_ptr<LoadedKernel>> Pipelines::load(const Kernel& kernel) {
  auto loaded = std::make_unique<LoadedKernel>();
  loaded->name = std::string(kernel.name);
  loaded->spirv = kernel.spirv;
  if (shaders_) {
    Result<std::optional<std::vector<uint32_t>>> words = shaders_->replacement(kernel);
    if (!words.ok()) return words.status();
    if (words->has_value()) {
      loaded->replacement = **std::move(words);
      loaded->spirv = loaded->replacement;
      replaced_any_ = true;
    }
  }
  Result<ReflectedShader> shader = reflect_spirv(loaded->spirv);
  if (!shader.ok()) return shader.status().within("kernel " + loaded->name);
  const uint32_t most = device_->properties.limits.maxPerStageDescriptorStorageBuffers;
  if (shader->bindings.size() > most)
    return error(StatusCode::unsupported, "kernel ", kernel.name, " binds ", shader->bindings.size(),
                 " storage buffers; ", device_->description.name, " allows ", most,
                 ": another device or the cpu backend can do it");
  loaded->shader = *std::move(shader);
  loaded->module = make_module(*loaded, false);
  make_layout(*loaded);
  return loaded;
}

Result<LoadedKernel*> Pipelines::kernel(std::string_view name) {
  if (const auto found = loaded_.find(name); found != loaded_.end()) return found->second.get();
  const auto known = find(name);
  if (known == kernels_.end()) return error(StatusCode::internal, "there is no kernel \"", name, "\" in this build");
  Result<std::unique_ptr<LoadedKernel>> loaded = load(known->second);
  if (!loaded.ok()) return loaded.status();
  return (loaded_[std::string(name)] = *std::move(loaded)).get();
}

std::map<std::string_view, Kernel>::const_iterator Pipelines::find(std::string_view name) const {
  if (device_->dot_products)
    if (const auto variant = kernels_.find(join(name, kDotVariant)); variant != kernels_.end()) return variant;
  return kernels_.find(name);
}

uint64_t Pipelines::checksum_of_kernels() const {
  Checksum sum;
  for (const auto& [name, kernel] : kernels_) {
    if (name.ends_with(kDotVariant)) continue;
    const Kernel& runs = find(name)->second;
    sum.add(runs.name);
    sum.add(std::as_bytes(runs.spirv));
  }
  return sum.value();
}

Status Pipelines::check_local_size(const LoadedKernel& kernel, std::span<const uint32_t> constants) const {
  const auto& limits = device_->properties.limits;
  uint64_t invocations = 1;
  for (size_t i = 0; i < 3; ++i) {
    uint32_t size = kernel.shader.local_size[i];
    const auto constant = kernel.shader.local_size_constants[i];
    if (constant && *constant < constants.size()) size = constants[*constant];
    invocations *= size;
    if (size == 0 || size > limits.maxComputeWorkGroupSize[i] || invocations > limits.maxComputeWorkGroupInvocations)
      return error(StatusCode::unsupported, "kernel ", kernel.name, ": workgroups of ", invocations, " invocations; ",
                   device_->description.name, " allows ", limits.maxComputeWorkGroupInvocations);
  }
  return Status();
}

Result<vk::Pipeline> Pipelines::pipeline(LoadedKernel& kernel, std::span<const uint32_t> constants, bool aliased) {
  for (const auto& variant : kernel.variants)
    if (variant->aliased == aliased && std::ranges::equal(variant->constants, constants)) return *variant->pipeline;
  if (Status status = check_local_size(kernel, constants); !status.ok()) return status;
  if (aliased && !*kernel.aliased_module) kernel.aliased_module = make_module(kernel, true);

  auto variant = std::make_unique<Variant>();
  variant->constants.assign(constants.begin(), constants.end());
  variant->aliased = aliased;
  std::vector<vk::SpecializationMapEntry> entries;
  for (uint32_t i = 0; i < constants.size(); ++i)
    entries.push_back({.constantID = i, .offset = 4 * i, .size = sizeof(uint32_t)});
  const vk::SpecializationInfo specialization = {.mapEntryCount = static_cast<uint32_t>(entries.size()),
                                                 .pMapEntries = entries.data(),
                                                 .dataSize = constants.size_bytes(),
                                                 .pData = constants.data()};
  const vk::PipelineShaderStageCreateInfo stage = {.stage = vk::ShaderStageFlagBits::eCompute,
                                                   .module = aliased ? *kernel.aliased_module : *kernel.module,
                                                   .pName = "main",
                                                   .pSpecializationInfo = &specialization};
  const vk::ComputePipelineCreateInfo info = {
      .flags = device_->pipeline_flags, .stage = stage, .layout = *kernel.layout};
  variant->pipeline = vk::raii::Pipeline(device_->handle, cache_, info);
  device_->set_name(variant->pipeline, kernel.name);
  compiled_any_ = true;
  kernel.variants.push_back(std::move(variant));
  return *kernel.variants.back()->pipeline;
}

}  // namespace tritium::vulkan
