// A compiled shader embedded in the program, and what it was compiled from and with (cmake/shaders.cmake).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tritium::vulkan {

struct Kernel {
  std::string_view name;            // the file in shaders/ without ".comp", and its variant: "ternary_matmul.dot"
  std::span<const uint32_t> spirv;  // words
  std::string_view source = {};     // its file below shaders/: "probe/read.comp"; empty: it is somewhere else
  std::string_view define = {};     // what a variant is compiled with: "-DTRITIUM_VARIANT_DOT"
};

// Every file of shaders/*.comp.
std::span<const Kernel> shader_table();
// Every file of shaders/probe/*.comp.
std::span<const Kernel> probe_kernels();

// A file of shaders/ as it was when the program was built: of kernels, and what they include.
struct ShaderFile {
  std::string_view name;    // "lib/grid.glsl"
  std::string_view sha256;  // 64 hexadecimal digits
};
std::span<const ShaderFile> shader_files();  // sorted by name

// How they were compiled: glslc OPTIONS… [DEFINE] -I FOLDER -o OUTPUT FOLDER/SOURCE.
struct ShaderBuild {
  std::span<const std::string_view> options;
  bool debug_info = false;  // TRITIUM_SHADER_DEBUG: kernels are loaded with debug information (spirv_debug_info.h)
};
const ShaderBuild& shader_build();

}  // namespace tritium::vulkan
