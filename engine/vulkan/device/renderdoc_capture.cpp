#include "vulkan/device/renderdoc_capture.h"

#include <cstdint>
#include <string>
#include <system_error>

#include "base/dynamic_library.h"
#include "base/format_text.h"
#include "base/path.h"

namespace tritium::vulkan {
namespace {

#if defined(_WIN32)
constexpr const char* kLibrary = "renderdoc.dll";
#else
constexpr const char* kLibrary = "librenderdoc.so";
#endif

constexpr int kApiVersion = 10600;  // 1.6.0

// The function table of version 1.6.0 in its order; entries we do not call have no type.
struct Api {
  void* before_path_template[11];
  void (*set_path_template)(const char* path);
  void* get_path_template;
  uint32_t (*capture_count)();
  uint32_t (*capture)(uint32_t index, char* path, uint32_t* path_length, uint64_t* timestamp);
  void* between[4];
  void (*start_frame)(void* device, void* window);
  uint32_t (*is_capturing)();
  uint32_t (*end_frame)(void* device, void* window);
};

using GetApi = int (*)(int version, void** api);

const Api& table(const void* api) { return *static_cast<const Api*>(api); }

// How RenderDoc names a Vulkan instance: by its loader dispatch table.
void* device_pointer(void* instance) { return *static_cast<void**>(instance); }

Status move_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code problem;
  std::filesystem::rename(from, to, problem);
  if (problem)
    return error(StatusCode::io_error, utf8_of(from), " cannot be moved to ", utf8_of(to), ": ", problem.message());
  return Status();
}

}  // namespace

Result<RenderdocCapture> RenderdocCapture::load(const std::filesystem::path& file) {
  Result<DynamicLibrary> library = DynamicLibrary::open(kLibrary);
  if (!library.ok())
    return error(StatusCode::not_found, "a capture needs RenderDoc, and ", kLibrary,
                 " was not found (Debian 12: apt install librenderdoc; other systems: https://renderdoc.org)");
  const auto get_api = reinterpret_cast<GetApi>(library->find("RENDERDOC_GetAPI"));
  library->stay();
  void* api = nullptr;
  if (!get_api || get_api(kApiVersion, &api) != 1 || !api)
    return Status(StatusCode::unsupported,
                  std::string(kLibrary) + " does not offer interface 1.6.0: RenderDoc 1.24 is needed");
  // RenderDoc appends "_capture.rdc"; end() renames to the path asked for.
  table(api).set_path_template((utf8_of(file) + ".part").c_str());
  return RenderdocCapture(api, file);
}

Status RenderdocCapture::begin(void* instance) {
  if (table(api_).is_capturing()) return Status(StatusCode::invalid_argument, "a capture is already running");
  table(api_).start_frame(device_pointer(instance), nullptr);
  if (!table(api_).is_capturing())
    return Status(StatusCode::device_error,
                  "RenderDoc did not start: its Vulkan layer is not active (is "
                  "renderdoc_capture.json installed, and DISABLE_VULKAN_RENDERDOC_CAPTURE_1_24 unset?)");
  return Status();
}

Status RenderdocCapture::end(void* instance) {
  if (!table(api_).is_capturing()) return Status(StatusCode::invalid_argument, "no capture is running");
  if (!table(api_).end_frame(device_pointer(instance), nullptr))
    return Status(StatusCode::device_error, "RenderDoc could not finish the capture");
  const uint32_t count = table(api_).capture_count();
  uint32_t length = 0;
  if (count == 0 || !table(api_).capture(count - 1, nullptr, &length, nullptr) || length == 0)
    return Status(StatusCode::device_error, "RenderDoc wrote no capture");
  std::string written(length, '\0');
  table(api_).capture(count - 1, written.data(), &length, nullptr);
  written.resize(written.find('\0') == std::string::npos ? written.size() : written.find('\0'));
  return move_file(path_of(written), file_);
}

}  // namespace tritium::vulkan
