// The manifests of Vulkan drivers: JSON files in which the loader looks for libraries. Loaders give up all drivers for
// one file that is damaged, with an error that speaks of memory; here it is found out which file that is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tritium::vulkan {

struct DriverManifest {
  std::string path;
  std::string problem;  // empty: can be read
};

// Those that the loader reads, by its rules: VK_DRIVER_FILES, VK_ICD_FILENAMES, VK_ADD_DRIVER_FILES, and its folders.
std::vector<DriverManifest> driver_manifests();

// Empty when `text` is JSON; else what is wrong and where.
std::string json_problem(std::string_view text);

// "a.json (not JSON: byte 9), b.json"
std::string text_of(const std::vector<DriverManifest>& manifests);

// Until its end the loader sees these manifests and no others. It takes them from the environment alone, which belongs
// to the application: only for the moment of a call, and only where no driver could be used otherwise.
class OnlyTheseDrivers {
 public:
  explicit OnlyTheseDrivers(const std::vector<DriverManifest>& manifests);
  ~OnlyTheseDrivers();
  OnlyTheseDrivers(const OnlyTheseDrivers&) = delete;
  OnlyTheseDrivers& operator=(const OnlyTheseDrivers&) = delete;

 private:
  struct Variable {
    const char* name;
    std::optional<std::string> value;
  };
  std::vector<Variable> before_;
};

}  // namespace tritium::vulkan
