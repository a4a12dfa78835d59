#include "server/job_files.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <system_error>

namespace tritium::server {
namespace {

namespace fs = std::filesystem;

bool is_below(const fs::path& path, const fs::path& folder) {
  const auto [in_folder, in_path] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return in_folder == folder.end() && in_path != path.end();
}

int64_t seconds_of(fs::file_time_type time) {
  const auto since = std::chrono::file_clock::to_sys(time).time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(since).count();
}

}  // namespace

Outcome<std::string> file_below(const std::string& folder, const std::string& name, const std::string& param) {
  std::error_code problem;
  const fs::path root = fs::canonical(path_of(folder), problem);
  if (problem) return server_error("the folder of --files is not there: " + problem.message());
  const bool is_name = !name.empty() && name.find('\0') == std::string::npos && !path_of(name).is_absolute();
  const fs::path path = is_name ? fs::canonical(root / path_of(name), problem) : fs::path();
  const std::string shown = "\"" + name.substr(0, 200) + "\"";
  if (!is_name || problem || !fs::is_regular_file(path, problem))
    return invalid(param, "there is no file " + shown + " below the folder of --files");
  if (!is_below(path, root)) return invalid(param, shown + " is not below the folder of --files");
  return utf8_of(path);
}

std::vector<FileEntry> files_below(const std::string& folder) {
  constexpr size_t kMost = 1000;
  std::vector<FileEntry> files;
  std::error_code problem;
  const fs::path root = path_of(folder);
  fs::recursive_directory_iterator at(root, fs::directory_options::skip_permission_denied, problem);
  for (; !problem && at != fs::recursive_directory_iterator() && files.size() < kMost; at.increment(problem)) {
    std::error_code of_file;
    if (utf8_of(at->path().filename()).starts_with('.')) {
      if (at->is_directory(of_file)) at.disable_recursion_pending();
      continue;
    }
    if (!at->is_regular_file(of_file)) continue;
    const std::u8string name = at->path().lexically_relative(root).generic_u8string();
    files.push_back({.name = {reinterpret_cast<const char*>(name.data()), name.size()},
                     .bytes = at->file_size(of_file),
                     .changed = seconds_of(at->last_write_time(of_file))});
  }
  std::ranges::sort(files, {}, &FileEntry::name);
  return files;
}

Status write_whole(const std::string& path, const std::string& text) {
  const std::string beside = path + ".new";
  {
    std::ofstream file(path_of(beside), std::ios::binary | std::ios::trunc);
    file << text;
    file.flush();
    if (!file) return Status(StatusCode::io_error, beside + ": could not be written");
  }
  std::error_code problem;
  fs::rename(path_of(beside), path_of(path), problem);
  return problem ? Status(StatusCode::io_error, path + ": " + problem.message()) : Status();
}

Status append_line(const std::string& path, const std::string& line) {
  bool torn = false;  // the last line, by a crash or a full disk
  if (std::ifstream before(path_of(path), std::ios::binary); before.seekg(-1, std::ios::end))
    torn = before.get() != '\n';
  std::ofstream file(path_of(path), std::ios::binary | std::ios::app);
  file << (torn ? "\n" : "") + line + "\n";
  file.flush();
  return file ? Status() : Status(StatusCode::io_error, path + ": could not be written");
}

Outcome<Json> read_json_file(const std::string& path) {
  std::ifstream file(path_of(path), std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return server_error(path + ": could not be read");
  return parse_json(text.str());
}

std::vector<Json> read_json_lines(const std::string& path) {
  std::ifstream file(path_of(path), std::ios::binary);
  std::vector<Json> all;
  for (std::string line; std::getline(file, line);)
    if (Outcome<Json> one = parse_json(line); one.ok() && one->is_object()) all.push_back(std::move(*one));
  return all;
}

}  // namespace tritium::server
