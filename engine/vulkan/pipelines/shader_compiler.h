// Compiles a shader while the program runs, as the build compiled it (ShaderBuild).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tritium/status.hpp"
#include "vulkan/kernel.h"

namespace tritium::vulkan {

struct CompiledShader {
  std::vector<uint32_t> spirv;
  std::string warnings;  // the compiler's, with file and line; empty: none
};

// The kernel's source in `folder`, which has the folders of shaders/. The program is that of the build, in PATH, or
// TRITIUM_GLSLC. invalid_argument: the compiler's errors, with file and line; not_found: there is no compiler;
// io_error.
Result<CompiledShader> compile_shader(const Kernel& kernel, const std::filesystem::path& folder);

}  // namespace tritium::vulkan
