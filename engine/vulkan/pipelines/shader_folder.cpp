#include "vulkan/pipelines/shader_folder.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <string_view>

#include "base/format_text.h"
#include "base/input_file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/sha256.h"
#include "vulkan/pipelines/shader_compiler.h"

namespace tritium::vulkan {
namespace {

namespace fs = std::filesystem;

const ShaderFile* built_from(const std::string& name) {
  const auto files = shader_files();
  const auto found = std::ranges::lower_bound(files, std::string_view(name), {}, &ShaderFile::name);
  return found != files.end() && found->name == name ? &*found : nullptr;
}

// X of each `#include "X"`, also of those that a condition leaves out.
std::vector<std::string> includes_of(std::string_view text) {
  std::vector<std::string> names;
  const auto skip = [](std::string_view& line, std::string_view what) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const bool there = line.starts_with(what);
    if (there) line.remove_prefix(what.size());
    return there;
  };
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!skip(line, "#") || !skip(line, "include") || !skip(line, "\"")) continue;
    if (const size_t quote = line.find('"'); quote != std::string_view::npos) names.emplace_back(line.substr(0, quote));
  }
  return names;
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

}  // namespace

Result<ShaderFolder> ShaderFolder::open(const fs::path& folder, LogSink log) {
  std::error_code ignored;
  const std::string place = "TRITIUM_SHADER_DIR: " + utf8_of(folder);
  if (!fs::is_directory(folder, ignored))
    return error(StatusCode::invalid_argument, place, ": there is no such folder");
  for (const ShaderFile& file : shader_files())
    if (!is_file(folder / file.name))
      return error(StatusCode::invalid_argument, place, " has no ", file.name,
                   ": it must be a copy of all of this version's shaders/");
  return ShaderFolder(folder, std::move(log));
}

Result<std::optional<std::string>> ShaderFolder::changed_file(const std::string& source) const {
  std::set<std::string> seen;
  std::vector<std::string> next = {source};
  while (!next.empty()) {
    const std::string name = next.back();
    next.pop_back();
    if (!seen.insert(name).second) continue;
    const Result<std::string> text = read_file(utf8_of(folder_ / name));
    if (!text.ok()) return text.status();
    const ShaderFile* before = built_from(name);
    if (!before || sha256_of(*text) != before->sha256) return std::optional(name);
    // As compilers do: beside the file that includes it, else in the folder.
    for (const std::string& included : includes_of(*text))
      for (const fs::path& candidate : {fs::path(name).parent_path() / included, fs::path(included)}) {
        const std::string normal = candidate.lexically_normal().generic_string();
        if (!is_file(folder_ / normal)) continue;
        next.push_back(normal);
        break;
      }
  }
  return std::optional<std::string>();
}

Result<std::optional<std::vector<uint32_t>>> ShaderFolder::replacement(const Kernel& kernel) const {
  std::optional<std::vector<uint32_t>> words;
  if (kernel.source.empty()) return words;
  const Result<std::optional<std::string>> changed = changed_file(std::string(kernel.source));
  if (!changed.ok()) return changed.status();
  if (!changed->has_value()) return words;
  const auto begin = std::chrono::steady_clock::now();
  Result<CompiledShader> compiled = compile_shader(kernel, folder_);
  if (!compiled.ok()) return compiled.status();
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  log_to(log_, LogLevel::warning,
         join("shader ", kernel.name, " was compiled from ", utf8_of(folder_), ", where ", **changed,
              " differs from this program's (", took.count(), " ms)"));
  if (!compiled->warnings.empty()) log_to(log_, LogLevel::warning, compiled->warnings);
  words = std::move(compiled->spirv);
  return words;
}

}  // namespace tritium::vulkan
