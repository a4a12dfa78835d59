// Machines where something of Vulkan is missing: each is a message, never a crash. The environment is broken
// for a child process, since loaders and drivers are looked up once.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temporary_folder.h"
#include "tritium/status.hpp"
#include "vulkan/device/driver_manifests.h"

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

// A manifest that is not JSON, as a write that was cut short leaves it.
class DamagedManifest {
 public:
  DamagedManifest() { std::ofstream(path_) << "{ \"ICD\": {\n"; }
  ~DamagedManifest() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_ =
      std::filesystem::temp_directory_path() / ("tritium-cut-icd-" + std::to_string(getpid()) + ".json");
};

TEST(MissingVulkan, ADamagedManifestIsNamedAndNotTakenForMemory) {
  const DamagedManifest damaged;
  const Outcome outcome = probe("VK_DRIVER_FILES=" + damaged.path() + " VK_ICD_FILENAMES=" + damaged.path());
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  if (outcome.output.find("the Vulkan loader") != std::string::npos) GTEST_SKIP() << outcome.output;
  EXPECT_NE(outcome.output.find("backend: " + code(StatusCode::not_found)), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find(damaged.path()), std::string::npos) << outcome.output;
  for (const char* memory : {"memory", "Memory"})
    EXPECT_EQ(outcome.output.find(memory), std::string::npos) << outcome.output;
}

TEST(MissingVulkan, ADamagedManifestHidesNoGoodDriver) {
  const std::string good = "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json";
  if (!std::filesystem::exists(good)) GTEST_SKIP() << "Mesa's software driver is not installed";
  const DamagedManifest damaged;
  for (const std::string& list : {damaged.path() + ":" + good, good + ":" + damaged.path()}) {
    const Outcome outcome = probe("VK_DRIVER_FILES=" + list + " VK_ICD_FILENAMES=" + list);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    EXPECT_TRUE(outcome.output.starts_with("device ")) << outcome.output;
    EXPECT_NE(outcome.output.find("backend: code 0"), std::string::npos) << outcome.output;
  }
}

TEST(DriverManifests, AreJsonOrSaidNotToBe) {
  for (const char* text :
       {R"({"ICD": {"api_version": "1.3", "n": [1, -2.5e3, true, null, "\\\""]}, "x": {}} )", "[]", "0"})
    EXPECT_EQ(vulkan::json_problem(text), "") << text;
  for (const char* text :
       {"", "{", R"({"ICD": {)", R"({"a" 1})", R"({"a": 1,})", "[1 2]", R"(["a)", "{} {}", "nul", R"("\)"})
    EXPECT_NE(vulkan::json_problem(text), "") << text;
  EXPECT_NE(vulkan::json_problem(std::string(100'000, '[')), "");
}

TEST(DriverManifests, AFolderThatIsNamedGivesItsJsonFiles) {
  const TemporaryFolder folder;
  for (const char* name : {"b.json", "a.json", "notes.txt"}) std::ofstream(folder.file(name)) << "{}";
  std::filesystem::create_directory(folder.file("c.json"));
  setenv("VK_DRIVER_FILES", folder.path().c_str(), 1);
  const std::vector<vulkan::DriverManifest> found = vulkan::driver_manifests();
  unsetenv("VK_DRIVER_FILES");
  EXPECT_EQ(vulkan::text_of(found), folder.file("a.json") + ", " + folder.file("b.json"));
}

TEST(DriverManifests, TheEnvironmentIsAsItWasAfterwards) {
  setenv("VK_DRIVER_FILES", "a:b", 1);
  unsetenv("VK_ICD_FILENAMES");
  {
    const vulkan::OnlyTheseDrivers drivers({{"/x.json", ""}, {"/y.json", ""}});
    EXPECT_STREQ(std::getenv("VK_DRIVER_FILES"), "/x.json:/y.json");
    EXPECT_STREQ(std::getenv("VK_ICD_FILENAMES"), "/x.json:/y.json");
  }
  EXPECT_STREQ(std::getenv("VK_DRIVER_FILES"), "a:b");
  EXPECT_EQ(std::getenv("VK_ICD_FILENAMES"), nullptr);
  unsetenv("VK_DRIVER_FILES");
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
