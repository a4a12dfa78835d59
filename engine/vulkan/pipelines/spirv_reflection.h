// What a compute shader expects from its caller, read from its SPIR-V words, so that a launcher that
// disagrees with its shader is an error message instead of wrong numbers.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tritium/status.hpp"

namespace tritium::vulkan {

struct ReflectedBinding {
  bool used = false;      // the optimiser removes buffers that the shader does not touch
  bool readonly = true;   // NonWritable
  bool writeonly = true;  // NonReadable
};

struct ReflectedShader {
  std::vector<ReflectedBinding> bindings;  // storage buffers of set 0, by binding number
  uint32_t push_constant_bytes = 0;
  std::array<uint32_t, 3> local_size = {1, 1, 1};               // defaults where they are specialised
  std::array<std::optional<uint32_t>, 3> local_size_constants;  // specialisation constant that gives the size
};

// Errors (internal: our own build made the words): not SPIR-V, not one compute entry point, resources other
// than storage buffers of set 0.
Result<ReflectedShader> reflect_spirv(std::span<const uint32_t> words);

}  // namespace tritium::vulkan
