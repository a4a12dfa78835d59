// RenderDoc steps through GLSL by the instructions of NonSemantic.Shader.DebugInfo.100, which say what function, line
// and variable a place belongs to; glslc (2023.2) writes OpLine and OpSource, the older form of the same. This turns
// one into the other, in builds with TRITIUM_SHADER_DEBUG.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tritium::vulkan {

// A module that glslc made with -O0 -g, with the newer instructions in place of the older: files and their text,
// functions, the line of each instruction, local and shared variables (arrays whose length is specialised excepted:
// their debug type must be a constant's). What it computes is what it was. Gives back what has no OpSource, or is no
// module, as it is.
std::vector<uint32_t> with_debug_info(std::span<const uint32_t> words);

}  // namespace tritium::vulkan
