// A folder for the files of one test, removed with all in it at the end.
#pragma once

#include <filesystem>
#include <random>
#include <string>
#include <system_error>

namespace tritium {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::random_device number;
    do path_ = std::filesystem::temp_directory_path() / ("tritium-test-" + std::to_string(number()));
    while (!std::filesystem::create_directory(path_));  // throws where none can be made
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace tritium
