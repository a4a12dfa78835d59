// DeviceProbe: measures what a device can do at most, with the kernels of shaders/probe/ and the memory, recorder and
// transfers that the backend itself uses. Times are seconds of wall clock: one submission and the wait for it, made
// long enough by the caller. No Vulkan type appears here; in a build without Vulkan open_device_probe comes from
// vulkan_stub.cpp.
#pragma once

#include <cstdint>
#include <memory>

#include "vulkan/vulkan_backend.h"

namespace tritium::vulkan {

struct DispatchTime {
  double record = 0;  // of the host, for all of them
  double run = 0;     // from the submission to the end of the wait
};

enum class Arithmetic { f32, i32 };

// Thread rule: one thread at a time.
class DeviceProbe {
 public:
  virtual ~DeviceProbe() = default;

  // The largest buffer one kernel can see at once, bytes.
  virtual uint64_t largest_read() const = 0;
  // Replaces the buffer that read(), upload() and download() use. `bytes` is a power of two of at least 64 KiB.
  virtual Status use_buffer(uint64_t bytes) = 0;
  // One dispatch goes through the buffer in `rounds` of bytes_of_round(), over and over.
  virtual Result<double> read(uint32_t rounds) = 0;
  virtual uint64_t bytes_of_round() const = 0;
  // The whole buffer, from memory that is not looked at, through the staging ring.
  virtual Result<double> upload() = 0;
  // The whole buffer into host memory of the caller's that is touched before the clock starts.
  virtual Result<double> download() = 0;
  // `rounds` of 64 multiply-adds (128 operations) in each of arithmetic_invocations().
  virtual Result<double> multiply_add(Arithmetic arithmetic, uint32_t rounds) = 0;
  virtual uint64_t arithmetic_invocations() const = 0;
  // `n` (1 to kMostDispatches) dispatches that do nothing; dependent: each waits for the one before.
  virtual Result<DispatchTime> dispatches(uint32_t n, bool dependent) = 0;

  static constexpr uint32_t kMostDispatches = 512;
};

// Errors as make_vulkan_backend().
Result<std::unique_ptr<DeviceProbe>> open_device_probe(const VulkanOptions& options);

}  // namespace tritium::vulkan
