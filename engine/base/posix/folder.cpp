#include "base/folder.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "base/format_text.h"
#include "base/system_error.h"

namespace tritium {

Result<std::vector<std::string>> names_in(const std::string& folder) {
  struct Close {
    void operator()(DIR* dir) const { ::closedir(dir); }
  };
  const auto refuse = [&folder] { return system_error(folder, "cannot read the folder"); };
  std::unique_ptr<DIR, Close> dir;
  do dir.reset(::opendir(folder.c_str()));
  while (!dir && errno == EINTR);
  if (!dir) return refuse();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
    errno = 0;
  }
  if (errno != 0) return refuse();
  std::sort(names.begin(), names.end());
  return names;
}

bool is_there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

bool is_folder(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool is_link(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode);
}

Result<bool> look_for_folder(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return read_error(path);
  return S_ISDIR(info.st_mode);
}

std::optional<FilePlace> place_of(const std::string& path) {
  struct stat info {};
  if (path.empty() || ::stat(path.c_str(), &info) != 0) return std::nullopt;
  return FilePlace(info.st_dev, info.st_ino);
}

Status remove_file(const std::string& path) {
  return ::unlink(path.c_str()) == 0 ? Status() : system_error(path, "cannot remove");
}

Status remove_empty_folder(const std::string& path) {
  return ::rmdir(path.c_str()) == 0 ? Status() : system_error(path, "cannot remove");
}

Status rename_file(const std::string& from, const std::string& to) {
  return ::rename(from.c_str(), to.c_str()) == 0 ? Status() : system_error(from, "cannot rename");
}

namespace {

Result<std::string> temporary_pattern(const std::string& beginning) {
  std::error_code problem;
  const std::filesystem::path below = std::filesystem::temp_directory_path(problem);
  if (problem) return error(StatusCode::io_error, "there is no folder for temporary files: ", problem.message());
  return (below / (beginning + "XXXXXX")).string();
}

}  // namespace

Result<std::string> make_temporary_file(const std::string& beginning) {
  Result<std::string> name = temporary_pattern(beginning);
  if (!name.ok()) return name;
  const int fd = ::mkstemp(name->data());
  if (fd < 0) return system_error(*name, "cannot be made");
  ::close(fd);
  return name;
}

Result<std::string> make_temporary_folder(const std::string& beginning) {
  Result<std::string> name = temporary_pattern(beginning);
  if (name.ok() && !::mkdtemp(name->data())) return system_error(*name, "cannot be made");
  return name;
}

}  // namespace tritium
