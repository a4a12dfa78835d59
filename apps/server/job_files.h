// Which files a fine-tuning job may read, and where it keeps what it knows.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "server/openai/json.h"
#include "tritium/status.hpp"

namespace tritium::server {

inline std::filesystem::path path_of(std::string_view utf8) {
  return std::u8string_view(reinterpret_cast<const char8_t*>(utf8.data()), utf8.size());
}
inline std::string utf8_of(const std::filesystem::path& path) {
  const std::u8string text = path.u8string();
  return {reinterpret_cast<const char*>(text.data()), text.size()};
}

// The file of that name below a folder, through links too; 400 where it is not there, or not below it.
Outcome<std::string> file_below(const std::string& folder, const std::string& name, const std::string& param);

struct FileEntry {
  std::string name;  // below the folder, with '/'
  uint64_t bytes = 0;
  int64_t changed = 0;  // seconds since 1970
};
// Regular files below a folder, by name; a thousand of them at most, and no hidden ones.
std::vector<FileEntry> files_below(const std::string& folder);

// In place of what stood there, or not at all.
Status write_whole(const std::string& path, const std::string& text);
Status append_line(const std::string& path, const std::string& line);
Outcome<Json> read_json_file(const std::string& path);
// Those lines that are JSON: the last one may have been cut off.
std::vector<Json> read_json_lines(const std::string& path);

}  // namespace tritium::server
