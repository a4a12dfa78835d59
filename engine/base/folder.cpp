#include "base/folder.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/format_text.h"

namespace tritium {

Result<std::vector<std::string>> names_in(const std::string& folder) {
  struct Close {
    void operator()(DIR* dir) const { ::closedir(dir); }
  };
  const auto refuse = [&folder] {
    return error(StatusCode::io_error, folder, ": cannot read the folder: ", std::strerror(errno));
  };
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

}  // namespace tritium
