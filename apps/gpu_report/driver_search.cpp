// What there is of Vulkan on this machine.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/dynamic_library.h"
#include "base/environment.h"
#include "base/folder.h"
#include "base/path.h"
#include "gpu_report/section.h"

namespace tritium::gpu_report {
namespace {

namespace fs = std::filesystem;

std::string start_of(const fs::path& file) {
  constexpr size_t kMost = 2000;
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str().substr(0, kMost);
}

Json driver_files() {
  Json files = Json::array();
  for (const char* folder : {"/etc/vulkan/icd.d", "/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d",
                             "/usr/local/etc/vulkan/icd.d", "/usr/local/nvidia/share/vulkan/icd.d"}) {
    const Result<std::vector<std::string>> names = names_in(folder);
    if (!names.ok()) continue;
    for (const std::string& name : *names) {
      const std::string path = path_in(folder, name);
      files.push_back({{"file", path}, {"content", start_of(path_of(path))}});
    }
  }
  return files;
}

Json variables() {
  Json values = Json::object();
  for (const char* name :
       {"VK_DRIVER_FILES", "VK_ICD_FILENAMES", "VK_ADD_DRIVER_FILES", "VK_LOADER_DEBUG", "LD_LIBRARY_PATH",
        "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES", "CUDA_VISIBLE_DEVICES"})
    if (const auto value = environment(name)) values[name] = *value;
  return values;
}

// Each is opened and closed again.
Json libraries() {
  Json found = Json::object();
  for (const char* name :
       {"libvulkan.so.1", "libGLX_nvidia.so.0", "libEGL_nvidia.so.0", "libcuda.so.1", "libvulkan_lvp.so",
        "libvulkan_radeon.so", "libvulkan_intel.so", "libX11.so.6", "libXext.so.6"}) {
    const Result<DynamicLibrary> library = DynamicLibrary::open(name);
    found[name] = library.ok() ? "loads" : library.message();
  }
  return found;
}

Json device_files() {
  Json files = Json::array();
  for (const char* folder : {"/dev", "/dev/dri"}) {
    const Result<std::vector<std::string>> names = names_in(folder);
    if (!names.ok()) continue;
    for (const std::string& name : *names) {
      const std::string path = path_in(folder, name);
      if (path.starts_with("/dev/nvidia") || path.starts_with("/dev/dri/") || path == "/dev/kfd") files.push_back(path);
    }
  }
  return files;
}

}  // namespace

Json driver_search() {
  return {{"driver_files", driver_files()},
          {"environment", variables()},
          {"libraries", libraries()},
          {"device_files", device_files()},
          {"nvidia_kernel_module", start_of("/proc/driver/nvidia/version")}};
}

}  // namespace tritium::gpu_report
