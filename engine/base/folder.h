// Folders and the names in them. The standard library's iterators end the process where memory does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tritium/status.hpp"

namespace tritium {

// Names in a folder, sorted, without "." and "..". io_error with the system's reason.
Result<std::vector<std::string>> names_in(const std::string& folder);

bool is_there(const std::string& path);   // something that may be looked at, where links lead
bool is_folder(const std::string& path);  // likewise
bool is_link(const std::string& path);
// not_found and io_error with the system's reason; else whether it is a folder.
Result<bool> look_for_folder(const std::string& path);

// The disk and the number of a file, the same under all of its names; none where nothing is there.
using FilePlace = std::pair<uint64_t, uint64_t>;
std::optional<FilePlace> place_of(const std::string& path);

// io_error with the system's reason. A folder is no file; one with something in it is not removed.
Status remove_file(const std::string& path);
Status remove_empty_folder(const std::string& path);
Status rename_file(const std::string& from, const std::string& to);

// A new empty file, or folder, with a name of its own that begins with `beginning`, where the system keeps what is gone
// soon.
Result<std::string> make_temporary_file(const std::string& beginning);
Result<std::string> make_temporary_folder(const std::string& beginning);

}  // namespace tritium
