// Machines where something of Vulkan is missing: each is a message, never a crash. The environment is broken
// for a child process, since loaders and drivers are looked up once.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "tritium/status.hpp"

namespace tritium {
namespace {

struct Outcome {
  int exit_code = -1;
  std::string output;
};

Outcome probe(const std::string& environment) {
  Outcome outcome;
  FILE* pipe = popen(("env " + environment + " " TRITIUM_PROBE " 2>&1").c_str(), "r");
  if (!pipe) return outcome;
  std::array<char, 4096> buffer;
  while (std::fgets(buffer.data(), buffer.size(), pipe)) outcome.output += buffer.data();
  const int status = pclose(pipe);
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

std::string code(StatusCode c) { return "code " + std::to_string(static_cast<int>(c)) + ": "; }

TEST(MissingVulkan, NoLoader) {
  // An empty library found first cannot be loaded: as if none was there.
  const auto folder = std::filesystem::temp_directory_path() / ("tritium-no-loader-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  for (const char* name : {"libvulkan.so", "libvulkan.so.1"}) std::ofstream(folder / name).flush();
  const Outcome outcome = probe("LD_LIBRARY_PATH=" + folder.string());
  std::filesystem::remove_all(folder);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find("list: " + code(StatusCode::not_found) + "the Vulkan loader"), std::string::npos)
      << outcome.output;
  EXPECT_NE(outcome.output.find("backend: " + code(StatusCode::not_found)), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find("apt install libvulkan1"), std::string::npos) << outcome.output;
}

TEST(MissingVulkan, NoDriver) {
  const Outcome outcome = probe("VK_DRIVER_FILES=/nonexistent VK_ICD_FILENAMES=/nonexistent");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  if (outcome.output.find("the Vulkan loader") != std::string::npos) GTEST_SKIP() << outcome.output;
  EXPECT_NE(outcome.output.find("list: " + code(StatusCode::not_found)), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find("no Vulkan driver was found"), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find("backend: " + code(StatusCode::not_found)), std::string::npos) << outcome.output;
}

TEST(MissingVulkan, ADriverThatCannotBeLoaded) {
  const auto file = std::filesystem::temp_directory_path() / ("tritium-bad-icd-" + std::to_string(getpid()) + ".json");
  std::ofstream(file) << R"({"file_format_version": "1.0.0", "ICD": {"api_version": "1.3.0",
                             "library_path": "/nonexistent/libvulkan_none.so"}})";
  const Outcome outcome = probe("VK_DRIVER_FILES=" + file.string() + " VK_ICD_FILENAMES=" + file.string());
  std::filesystem::remove(file);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find("backend: " + code(StatusCode::not_found)), std::string::npos) << outcome.output;
}

TEST(MissingVulkan, ADriverWithoutAGpu) {
  // Mesa installs the drivers of all GPUs it knows; on most machines most of them find nothing.
  std::string driver;
  for (const char* name : {"intel_hasvk", "radeon", "intel"}) {
    const std::string path = std::string("/usr/share/vulkan/icd.d/") + name + "_icd.x86_64.json";
    if (!std::filesystem::exists(path)) continue;
    driver = path;
    const Outcome outcome = probe("VK_DRIVER_FILES=" + path + " VK_ICD_FILENAMES=" + path);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    if (outcome.output.starts_with("device ")) continue;  // this machine has such a GPU
    EXPECT_NE(outcome.output.find("list: " + code(StatusCode::not_found)), std::string::npos) << outcome.output;
    EXPECT_NE(outcome.output.find("no Vulkan device"), std::string::npos) << outcome.output;
  }
  if (driver.empty()) GTEST_SKIP() << "Mesa's hardware drivers are not installed";
}

TEST(MissingVulkan, ValidationThatIsNotInstalledIsOnlyLogged) {
  const Outcome outcome = probe("TRITIUM_VALIDATION=1 VK_LAYER_PATH=/nonexistent XDG_CACHE_HOME=/nonexistent/x");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  if (outcome.output.find("code 0") == std::string::npos) GTEST_SKIP() << outcome.output;
  EXPECT_NE(outcome.output.find("VK_LAYER_KHRONOS_validation is not installed"), std::string::npos) << outcome.output;
}

}  // namespace
}  // namespace tritium
