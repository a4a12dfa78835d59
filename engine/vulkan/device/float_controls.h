// What kernels take for granted of 32-bit float arithmetic, and Vulkan leaves to the device unless a module declares
// it.
#pragma once

namespace tritium::vulkan {

// As VkPhysicalDeviceFloatControlsProperties announces them.
struct FloatControls {
  bool round_to_nearest_even = false;  // sums and products
  bool keep_denormals = false;
  bool keep_zero_inf_nan = false;  // signed zeros, infinities, and comparisons that a NaN fails

  bool any() const { return round_to_nearest_even || keep_denormals || keep_zero_inf_nan; }
  bool operator==(const FloatControls&) const = default;
};

}  // namespace tritium::vulkan
