// Recorder: turns operations into one command buffer, with barriers and debug labels. Launchers in vulkan/ops call
// dispatch(); they see no Vulkan type.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "ops/tensor.h"
#include "tritium/status.hpp"

namespace tritium::vulkan {

enum class Access { read, write };  // write: and perhaps read

// What one descriptor of a kernel sees: bindings are numbered in the order they are passed.
struct Binding {
  const Tensor* tensor = nullptr;  // null: a small buffer in place of an optional input that the kernel does not read
  Access access = Access::read;
  uint64_t offset = 0;  // bytes; a multiple of Limits::storage_alignment
  uint64_t bytes = 0;   // 0: from offset to the end of the tensor
};

// One dispatch of a kernel.
struct Dispatch {
  std::string_view kernel;                     // file name in shaders/ without ".comp"
  std::vector<Binding> bindings;               // must match the SPIR-V's storage buffers in number
  std::span<const std::byte> push_constants;   // must match the SPIR-V's push-constant block in size
  std::array<uint32_t, 3> groups = {1, 1, 1};  // workgroups
  std::vector<uint32_t> constants = {};        // specialisation constants 0, 1, …
};

struct Limits {
  uint64_t storage_range = 0;      // largest window a binding may have, bytes
  uint64_t storage_alignment = 0;  // of a window's offset, bytes
  std::array<uint32_t, 3> groups = {};
};

class Recorder {
 public:
  virtual ~Recorder() = default;
  // Errors: device_error or out_of_memory from the driver; internal when the SPIR-V disagrees with the call.
  virtual Status dispatch(const Dispatch& dispatch) = 0;
  virtual const Limits& limits() const = 0;
  // f32 [n] for what one dispatch of an operation leaves to the next. Later operations get the same memory, with the
  // barriers that any tensor has.
  virtual Result<Tensor> scratch(int64_t n) = 0;
};

template <typename Params>
std::span<const std::byte> bytes_of(const Params& params) {
  return std::as_bytes(std::span<const Params, 1>(&params, 1));
}

}  // namespace tritium::vulkan
