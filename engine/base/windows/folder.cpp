#include "base/folder.h"

#include <algorithm>
#include <filesystem>

#include "base/format_text.h"
#include "base/path.h"
#include "base/system_error.h"
#include "base/temporary_name.h"
#include "base/windows/handles.h"

namespace tritium {
namespace {

DWORD attributes_of(const std::string& path) { return ::GetFileAttributesW(wide(path).c_str()); }

// A handle that only looks, at folders too, and where links lead.
Handle look_at(const std::string& path) {
  return Handle(open_handle(path, {.access = 0, .flags = FILE_FLAG_BACKUP_SEMANTICS}));
}

}  // namespace

Result<std::vector<std::string>> names_in(const std::string& folder) {
  WIN32_FIND_DATAW entry = {};
  const HANDLE search = ::FindFirstFileW((path_of(folder) / L"*").c_str(), &entry);
  if (search == INVALID_HANDLE_VALUE) return system_error(folder, "cannot read the folder");
  std::vector<std::string> names;
  do {
    const std::string name = narrow(entry.cFileName);
    if (name != "." && name != "..") names.push_back(name);
  } while (::FindNextFileW(search, &entry));
  const int problem = last_system_error();
  ::FindClose(search);
  if (problem != ERROR_NO_MORE_FILES) return system_error(folder, "cannot read the folder", problem);
  std::sort(names.begin(), names.end());
  return names;
}

bool is_there(const std::string& path) { return attributes_of(path) != INVALID_FILE_ATTRIBUTES; }

bool is_folder(const std::string& path) {
  const DWORD kind = attributes_of(path);
  return kind != INVALID_FILE_ATTRIBUTES && (kind & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

bool is_link(const std::string& path) {
  const DWORD kind = attributes_of(path);
  return kind != INVALID_FILE_ATTRIBUTES && (kind & FILE_ATTRIBUTE_REPARSE_POINT) != 0;
}

Result<bool> look_for_folder(const std::string& path) {
  if (!is_there(path)) return read_error(path);
  return is_folder(path);
}

std::optional<FilePlace> place_of(const std::string& path) {
  BY_HANDLE_FILE_INFORMATION info = {};
  const Handle file = path.empty() ? Handle() : look_at(path);
  if (!file || !::GetFileInformationByHandle(file.get(), &info)) return std::nullopt;
  return FilePlace(info.dwVolumeSerialNumber, uint64_t{info.nFileIndexHigh} << 32 | info.nFileIndexLow);
}

Status remove_file(const std::string& path) {
  return ::DeleteFileW(wide(path).c_str()) ? Status() : system_error(path, "cannot remove");
}

Status remove_empty_folder(const std::string& path) {
  return ::RemoveDirectoryW(wide(path).c_str()) ? Status() : system_error(path, "cannot remove");
}

Status rename_file(const std::string& from, const std::string& to) {
  return ::MoveFileExW(wide(from).c_str(), wide(to).c_str(), MOVEFILE_REPLACE_EXISTING)
             ? Status()
             : system_error(from, "cannot rename");
}

namespace {

// make: false with GetLastError().
template <typename Make>
Result<std::string> make_temporary(const std::string& beginning, const Make& make) {
  std::error_code problem;
  const std::filesystem::path below = std::filesystem::temp_directory_path(problem);
  if (problem) return error(StatusCode::io_error, "there is no folder for temporary files: ", problem.message());
  constexpr int kTries = 100;
  std::string name;
  for (int i = 0; i < kTries; ++i) {
    name = utf8_of(below / path_of(beginning + new_temporary_name("").substr(2)));
    if (make(wide(name).c_str())) return name;
    if (last_system_error() != ERROR_FILE_EXISTS && last_system_error() != ERROR_ALREADY_EXISTS) break;
  }
  return system_error(name, "cannot be made");
}

}  // namespace

Result<std::string> make_temporary_file(const std::string& beginning) {
  return make_temporary(beginning, [](const wchar_t* name) {
    return bool(Handle(::CreateFileW(name, GENERIC_WRITE, 0, nullptr, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, nullptr)));
  });
}

Result<std::string> make_temporary_folder(const std::string& beginning) {
  return make_temporary(beginning, [](const wchar_t* name) { return ::CreateDirectoryW(name, nullptr) != 0; });
}

}  // namespace tritium
