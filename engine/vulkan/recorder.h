// Recorder: turns operations into one command buffer, with barriers and debug labels. Launchers in vulkan/ops call
// dispatch(); they see no Vulkan type.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "ops/op_work.h"
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
  double seconds = 0;                          // that it takes at most, as estimated; 0: what its operation takes
};

// What a device of a kind does at least: how long work takes at most. A driver resets a GPU that works too long on one
// submission: some two seconds where it shows a picture, too.
struct WorkRates {
  double bytes = 1e12, integer_operations = 1e12, float_operations = 1e12;  // a second
};
inline constexpr double kLongestDispatch = 0.25;   // seconds, as estimated
inline constexpr double kLongestSubmission = 0.1;  // it ends behind the dispatch that goes beyond

inline double seconds_of(const OpWork& work, const WorkRates& rates) {
  return work.bytes / rates.bytes + work.integer_operations / rates.integer_operations +
         work.float_operations / rates.float_operations;
}

// Dispatches that so much work is dealt out to.
inline int64_t dispatches_of(double seconds) {
  return static_cast<int64_t>(std::clamp(std::ceil(seconds / kLongestDispatch), 1.0, 1e9));
}

struct Limits {
  uint64_t storage_range = 0;      // largest window a binding may have, bytes
  uint64_t storage_alignment = 0;  // of a window's offset, bytes
  uint32_t storage_buffers = 0;    // a kernel may have
  std::array<uint32_t, 3> groups = {};
  WorkRates rates;
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
