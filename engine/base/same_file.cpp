#include "base/same_file.h"

#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <utility>

#include "base/format_text.h"

namespace tritium {
namespace {

using Place = std::pair<dev_t, ino_t>;

bool place_of(const std::string& path, Place& place) {
  struct stat info {};
  if (path.empty() || ::stat(path.c_str(), &info) != 0) return false;
  place = {info.st_dev, info.st_ino};
  return true;
}

// Where a file stands or would stand.
std::string spelled_out(const std::string& path) {
  std::error_code problem;
  const std::filesystem::path canonical = std::filesystem::weakly_canonical(std::filesystem::absolute(path), problem);
  return problem ? path : canonical.string();
}

// A device may have several names and loses nothing.
bool is_device(const std::string& path) {
  std::error_code problem;
  const std::filesystem::file_status status = std::filesystem::status(path, problem);
  return std::filesystem::is_character_file(status) || std::filesystem::is_fifo(status);
}

}  // namespace

Status check_outputs(std::span<const NamedFile> outputs, std::span<const NamedFile> inputs) {
  std::map<Place, const NamedFile*> writes;
  std::map<std::string, const NamedFile*> names;
  for (const NamedFile& output : outputs) {
    Place place;
    if (output.path.empty() || is_device(output.path)) continue;
    const bool new_place = !place_of(output.path, place) || writes.emplace(place, &output).second;
    const auto [other, new_name] = names.emplace(spelled_out(output.path), &output);
    if (!new_place || !new_name)
      return error(StatusCode::invalid_argument, output.path, ": is ", output.what, " and ",
                   (new_name ? writes.at(place) : other->second)->what, "; name another file");
  }
  for (const NamedFile& input : inputs) {
    Place place;
    if (!place_of(input.path, place)) continue;
    const auto found = writes.find(place);
    if (found == writes.end()) continue;
    const NamedFile& output = *found->second;
    const std::string same = output.path == input.path ? "" : " (" + input.path + ")";
    return error(StatusCode::invalid_argument, output.path, ": is ", output.what, " and also ", input.what, same,
                 ", which would be lost; name another file");
  }
  return Status();
}

}  // namespace tritium
