// Pipelines: kernels by name, compiled on first use, one pipeline for each set of specialisation constants.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vulkan/device/device.h"
#include "vulkan/kernel.h"
#include "vulkan/pipelines/cache_file.h"
#include "vulkan/pipelines/shader_folder.h"
#include "vulkan/pipelines/spirv_reflection.h"

namespace tritium::vulkan {

struct Variant {
  std::vector<uint32_t> constants;
  bool aliased = false;
  vk::raii::Pipeline pipeline = nullptr;
};

struct LoadedKernel {
  std::string name;
  ReflectedShader shader;
  std::span<const uint32_t> spirv;
  std::vector<uint32_t> replacement;  // not empty: what `spirv` sees
  vk::raii::ShaderModule module = nullptr;
  vk::raii::ShaderModule aliased_module = nullptr;  // made when it is needed
  vk::raii::DescriptorSetLayout set_layout = nullptr;
  vk::raii::PipelineLayout layout = nullptr;
  std::vector<std::unique_ptr<Variant>> variants;
};

// Throws what the driver throws.
class Pipelines {
 public:
  // Uses and, when destroyed, updates the cache in `cache_dir`; empty: no cache on disk. `shaders`: what is changed
  // there is used, and is not kept on disk, where each attempt would stay.
  Pipelines(std::shared_ptr<Device> device, std::span<const Kernel> kernels, const std::filesystem::path& cache_dir,
            std::optional<ShaderFolder> shaders = {});
  ~Pipelines();

  // internal: no such kernel, or its SPIR-V is not what reflection understands; unsupported: it binds more buffers than
  // the device allows; what ShaderFolder says of a source that cannot be used.
  Result<LoadedKernel*> kernel(std::string_view name);
  // The device and its driver; `kernels` is 0: drivers know what they compiled.
  const CacheKey& cache_key() const { return cache_key_; }
  // Of the SPIR-V that this device runs.
  uint64_t checksum_of_kernels() const;
  // `aliased`: what is bound overlaps. unsupported: its workgroups are too large for the device.
  Result<vk::Pipeline> pipeline(LoadedKernel& kernel, std::span<const uint32_t> constants, bool aliased);

 private:
  vk::raii::ShaderModule make_module(const LoadedKernel& kernel, bool aliased) const;
  Result<std::unique_ptr<LoadedKernel>> load(const Kernel& kernel);
  void make_layout(LoadedKernel& kernel) const;
  // The variant of the kernel that the device runs.
  std::map<std::string_view, Kernel>::const_iterator find(std::string_view name) const;
  Status check_local_size(const LoadedKernel& kernel, std::span<const uint32_t> constants) const;

  std::shared_ptr<Device> device_;
  std::optional<ShaderFolder> shaders_;
  std::map<std::string_view, Kernel> kernels_;
  std::map<std::string, std::unique_ptr<LoadedKernel>, std::less<>> loaded_;  // by the name that was asked for
  CacheKey cache_key_;
  std::filesystem::path cache_file_;
  vk::raii::PipelineCache cache_ = nullptr;
  bool compiled_any_ = false;
  bool replaced_any_ = false;
};

}  // namespace tritium::vulkan
