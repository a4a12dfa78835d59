// Names of files are UTF-8 in this library, on every system; std::filesystem's are the system's own.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace tritium {

inline std::filesystem::path path_of(std::string_view utf8) {
  return std::u8string_view(reinterpret_cast<const char8_t*>(utf8.data()), utf8.size());
}

inline std::string utf8_of(const std::filesystem::path& path) {
  const std::u8string text = path.u8string();
  return {text.begin(), text.end()};
}

// "FOLDER/NAME" with the system's separator.
inline std::string path_in(std::string_view folder, std::string_view name) {
  return utf8_of(path_of(folder) / path_of(name));
}

// What stands behind the last separator, and before it; "." where a name is all there is.
inline std::string file_name_of(std::string_view path) { return utf8_of(path_of(path).filename()); }
inline std::string folder_of(std::string_view path) {
  const std::string folder = utf8_of(path_of(path).parent_path());
  return folder.empty() ? "." : folder;
}

}  // namespace tritium
