// A compiled shader embedded in the program (cmake/shaders.cmake).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tritium::vulkan {

struct Kernel {
  std::string_view name;            // the file in shaders/ without ".comp"
  std::span<const uint32_t> spirv;  // words
};

// Every file of shaders/*.comp.
std::span<const Kernel> shader_table();
// Every file of shaders/probe/*.comp.
std::span<const Kernel> probe_kernels();

}  // namespace tritium::vulkan
