#include "base/same_file.h"

#include <filesystem>
#include <map>

#include "base/folder.h"
#include "base/format_text.h"
#include "base/path.h"

namespace tritium {
namespace {

// Where a file stands or would stand.
std::string spelled_out(const std::string& path) {
  std::error_code problem;
  const std::filesystem::path canonical =
      std::filesystem::weakly_canonical(std::filesystem::absolute(path_of(path)), problem);
  return problem ? path : utf8_of(canonical);
}

// A device may have several names and loses nothing.
bool is_device(const std::string& path) {
  std::error_code problem;
  const std::filesystem::file_status status = std::filesystem::status(path_of(path), problem);
  return std::filesystem::is_character_file(status) || std::filesystem::is_fifo(status);
}

}  // namespace

Status check_outputs(std::span<const NamedFile> outputs, std::span<const NamedFile> inputs) {
  std::map<FilePlace, const NamedFile*> writes;
  std::map<std::string, const NamedFile*> names;
  for (const NamedFile& output : outputs) {
    if (output.path.empty() || is_device(output.path)) continue;
    const std::optional<FilePlace> place = place_of(output.path);
    const bool new_place = !place || writes.emplace(*place, &output).second;
    const auto [other, new_name] = names.emplace(spelled_out(output.path), &output);
    if (!new_place || !new_name)
      return error(StatusCode::invalid_argument, output.path, ": is ", output.what, " and ",
                   (new_name ? writes.at(*place) : other->second)->what, "; name another file");
  }
  for (const NamedFile& input : inputs) {
    const std::optional<FilePlace> place = place_of(input.path);
    if (!place) continue;
    const auto found = writes.find(*place);
    if (found == writes.end()) continue;
    const NamedFile& output = *found->second;
    const std::string same = output.path == input.path ? "" : " (" + input.path + ")";
    return error(StatusCode::invalid_argument, output.path, ": is ", output.what, " and also ", input.what, same,
                 ", which would be lost; name another file");
  }
  return Status();
}

}  // namespace tritium
