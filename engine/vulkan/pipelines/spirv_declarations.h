// What is declared of a kernel when it is loaded, on top of what the GLSL compiler wrote: it depends on the device, or
// on what a dispatch binds.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "vulkan/device/float_controls.h"

namespace tritium::vulkan {

// Both take a SPIR-V module with one entry point, and give it back as it is when it is none.
std::vector<uint32_t> with_float_controls(std::span<const uint32_t> words, const FloatControls& controls);

// Its storage buffers may lie in the same memory. Without that a compiler may take them for apart, and read late what
// was written through another one.
std::vector<uint32_t> with_aliased_buffers(std::span<const uint32_t> words);

}  // namespace tritium::vulkan
