// DeviceHealth: turns what the driver throws into a Status, and remembers that the device was lost: after
// that every call fails with the same clear message instead of reaching a dead driver.
#pragma once

#include <string_view>
#include <type_traits>

#include "tritium/status.hpp"

namespace tritium::vulkan {

// Thrown when a device has not answered for so long that nothing more is expected of it.
struct DeviceHung {
  double seconds = 0;
};

// Inside a catch block: the current exception as a Status. `lost` is set when the device is gone.
Status status_of_exception(std::string_view doing, bool& lost);

class DeviceHealth {
 public:
  // Runs f, which returns a Status, a Result or nothing. `doing` completes "Vulkan failed while …".
  template <typename F>
  auto guard(std::string_view doing, F&& f)
      -> std::conditional_t<std::is_void_v<decltype(f())>, Status, decltype(f())> {
    if (lost_) return lost_status(doing);
    try {
      if constexpr (std::is_void_v<decltype(f())>) {
        f();
        return Status();
      } else {
        return f();
      }
    } catch (...) {
      return status_of_exception(doing, lost_);
    }
  }
  bool lost() const { return lost_; }

 private:
  static Status lost_status(std::string_view doing);

  bool lost_ = false;
};

}  // namespace tritium::vulkan
