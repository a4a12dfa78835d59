#include "experiment/work_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/format_text.h"

namespace tritium::experiment {

Result<WorkFolder> WorkFolder::take(const std::string& path) {
  std::error_code problem;
  if (!path.empty()) {
    std::filesystem::create_directories(path, problem);
    if (problem) return error(StatusCode::io_error, path, ": cannot be made: ", problem.message());
    return WorkFolder(path, false);
  }
  const std::filesystem::path below = std::filesystem::temp_directory_path(problem);
  if (problem) return error(StatusCode::io_error, "there is no temporary folder: ", problem.message());
  std::string name = (below / "tritium-experiment-XXXXXX").string();
  if (!::mkdtemp(name.data()))
    return error(StatusCode::io_error, name, ": a temporary folder cannot be made: ", std::strerror(errno));
  return WorkFolder(name, true);
}

WorkFolder::WorkFolder(WorkFolder&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::exchange(other.temporary_, false)) {}

WorkFolder::~WorkFolder() {
  std::error_code none;
  if (temporary_) std::filesystem::remove_all(path_, none);
}

std::string WorkFolder::file(const std::string& name) const { return (std::filesystem::path(path_) / name).string(); }

}  // namespace tritium::experiment
