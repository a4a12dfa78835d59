#include "vulkan/device/device_health.h"

#include <cmath>
#include <new>

#include "base/cancel.h"
#include "base/format_text.h"
#include "vulkan/device/raii.h"

namespace tritium::vulkan {

Status status_of_exception(std::string_view doing, bool& lost) {
  try {
    throw;
  } catch (const Cancelled&) {
    return cancelled_status();
  } catch (const DeviceHung& hung) {
    lost = true;
    return error(StatusCode::device_error, "the GPU has not answered for ", std::llround(hung.seconds), " s while ",
                 doing, ": it is taken as lost; start again");
  } catch (const vk::DeviceLostError&) {
    lost = true;
    return error(StatusCode::device_error, "the GPU was lost while ", doing,
                 ": the driver reset it (a hang, a crash or a command that ran too long); start again");
  } catch (const vk::OutOfDeviceMemoryError&) {
    return error(StatusCode::out_of_memory, "the GPU's memory is used up while ", doing);
  } catch (const vk::OutOfHostMemoryError&) {
    return error(StatusCode::out_of_memory, "the Vulkan driver ran out of host memory while ", doing);
  } catch (const vk::SystemError& e) {
    return error(StatusCode::device_error, "Vulkan failed while ", doing, ": ", e.what());
  } catch (const std::bad_alloc&) {
    return error(StatusCode::out_of_memory, "host memory is used up while ", doing);
  } catch (const std::exception& e) {
    return error(StatusCode::device_error, "Vulkan failed while ", doing, ": ", e.what());
  } catch (...) {
    return error(StatusCode::device_error, "Vulkan failed while ", doing, ": the driver threw something unknown");
  }
}

Status DeviceHealth::lost_status(std::string_view doing) {
  return error(StatusCode::device_error, "cannot go on ", doing, ": the GPU was lost earlier; start again");
}

}  // namespace tritium::vulkan
