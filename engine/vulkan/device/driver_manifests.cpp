#include "vulkan/device/driver_manifests.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>

#include "base/environment.h"
#include "base/folder.h"
#include "base/format_text.h"
#include "base/path.h"

namespace tritium::vulkan {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLongest = size_t{1} << 20;  // bytes of a manifest: they have some hundred

// Whether a text is JSON: each function reads one of its parts from at_ on, and says whether it was there.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  bool whole() { return value(0) && (space(), at_ == text_.size()); }
  size_t at() const { return at_; }

 private:
  void space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  bool string() {
    if (!take("\"")) return false;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    at_ = std::min(at_, text_.size());
    return take("\"");
  }
  bool number() {
    const size_t begin = at_;
    while (at_ < text_.size() && (std::isdigit(static_cast<unsigned char>(text_[at_])) != 0 ||
                                  std::string_view("+-.eE").find(text_[at_]) != std::string_view::npos))
      ++at_;
    return at_ > begin;
  }
  // Members of an object or array up to its end.
  bool members(bool named, std::string_view end, int depth) {
    space();
    if (take(end)) return true;
    for (;;) {
      space();
      if (named && (!string() || (space(), !take(":")))) return false;
      if (!value(depth)) return false;
      space();
      if (take(end)) return true;
      if (!take(",")) return false;
    }
  }
  bool value(int depth) {
    constexpr int kDeepest = 64;
    if (depth > kDeepest) return false;
    space();
    if (take("{")) return members(true, "}", depth + 1);
    if (take("[")) return members(false, "]", depth + 1);
    return string() || take("true") || take("false") || take("null") || number();
  }

  std::string_view text_;
  size_t at_ = 0;
};

std::string variable(const char* name) { return environment(name).value_or(""); }

std::vector<fs::path> paths_of(const std::string& list, const std::string& below = "") {
  std::vector<fs::path> paths;
  for (size_t at = 0; at < list.size();) {
    const size_t end = std::min(list.find(kPathListSeparator, at), list.size());
    if (end > at) paths.push_back(path_of(list.substr(at, end - at) + below));
    at = end + 1;
  }
  return paths;
}

std::vector<fs::path> own_folders() {
  const std::string home = variable("HOME");
  const auto or_else = [](const std::string& value, const std::string& other) { return value.empty() ? other : value; };
  std::vector<fs::path> folders;
  for (const std::string& list : {or_else(variable("XDG_CONFIG_HOME"), home.empty() ? "" : home + "/.config"),
                                  or_else(variable("XDG_CONFIG_DIRS"), "/etc/xdg"), std::string("/usr/local/etc:/etc"),
                                  or_else(variable("XDG_DATA_HOME"), home.empty() ? "" : home + "/.local/share"),
                                  or_else(variable("XDG_DATA_DIRS"), "/usr/local/share:/usr/share")})
    std::ranges::copy(paths_of(list, "/vulkan/icd.d"), std::back_inserter(folders));
  return folders;
}

void look_at(const fs::path& file, std::vector<DriverManifest>& found) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return;  // loaders pass over what is not there
  std::string text(kLongest, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  found.push_back({utf8_of(file), json_problem(text)});
}

}  // namespace

std::string json_problem(std::string_view text) {
  JsonReader reader(text);
  return reader.whole() ? std::string() : join("not JSON: byte ", reader.at(), " of ", text.size());
}

std::vector<DriverManifest> driver_manifests() {
  std::string named = variable("VK_DRIVER_FILES");
  if (named.empty()) named = variable("VK_ICD_FILENAMES");
  std::vector<fs::path> places = named.empty() ? own_folders() : paths_of(named);
  if (named.empty()) std::ranges::copy(paths_of(variable("VK_ADD_DRIVER_FILES")), std::back_inserter(places));
  std::vector<DriverManifest> found;
  for (const fs::path& place : places) {
    std::error_code problem;
    if (!fs::is_directory(place, problem)) {
      if (fs::is_regular_file(place, problem)) look_at(place, found);
      continue;
    }
    const Result<std::vector<std::string>> names = names_in(utf8_of(place));
    if (!names.ok()) continue;  // nor do loaders read it
    for (const std::string& name : *names)
      if (const fs::path file = place / path_of(name); name.ends_with(".json") && fs::is_regular_file(file, problem))
        look_at(file, found);
  }
  return found;
}

std::string text_of(const std::vector<DriverManifest>& manifests) {
  std::string text;
  for (const DriverManifest& m : manifests)
    text += (text.empty() ? "" : ", ") + m.path + (m.problem.empty() ? "" : " (" + m.problem + ")");
  return text;
}

OnlyTheseDrivers::OnlyTheseDrivers(const std::vector<DriverManifest>& manifests) {
  std::string list;
  for (const DriverManifest& m : manifests)
    list += (list.empty() ? std::string() : std::string(1, kPathListSeparator)) + m.path;
  for (const char* name : {"VK_DRIVER_FILES", "VK_ICD_FILENAMES"}) {  // the second one for older loaders
    before_.push_back({name, environment(name)});
    set_environment(name, list);
  }
}

OnlyTheseDrivers::~OnlyTheseDrivers() {
  for (const Variable& v : before_) set_environment(v.name, v.value);
}

}  // namespace tritium::vulkan
