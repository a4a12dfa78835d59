#include "format/folder/shards.h"

#include <algorithm>

#include "base/folder.h"
#include "base/format_text.h"
#include "base/json.h"

namespace tritium {
namespace {

constexpr const char* kWhole = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

bool holds(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

Result<SafetensorsHeader> open_shard(const std::string& path, Shards& shards) {
  Result<InputFile> file = InputFile::open_regular(path);
  if (!file.ok()) return file.status();
  Result<SafetensorsHeader> header = parse_safetensors_header(*file);
  if (!header.ok()) return header.status().within(path);
  shards.files.push_back(*std::move(file));
  return header;
}

Status add(Shards& shards, SafetensorsTensor tensor) {
  const InputFile* file = &shards.files.back();
  std::string name = tensor.name;
  const auto [at, added] = shards.tensors.emplace(std::move(name), ShardTensor{std::move(tensor), file});
  if (added) return Status();
  return error(StatusCode::corrupt_file, file->path(), ": tensor ", at->first, " is also in ", at->second.file->path());
}

Result<Shards> open_whole(const std::string& path) {
  Shards shards;
  Result<SafetensorsHeader> header = open_shard(path, shards);
  if (!header.ok()) return header.status();
  for (SafetensorsTensor& t : header->tensors)
    if (Status s = add(shards, std::move(t)); !s.ok()) return s;
  return shards;
}

// The file of each tensor.
Result<std::map<std::string, std::string>> read_index(const std::string& path) {
  const Result<std::string> text = read_file(path);
  if (!text.ok()) return text.status();
  const Result<Json> json = parse_json(*text);
  if (!json.ok()) return json.status().within(path);
  const Json* map = json->find("weight_map");
  if (!map || !map->object()) return error(StatusCode::corrupt_file, path, ": weight_map is missing, or no object");
  std::map<std::string, std::string> file_of;
  for (const Json::Member& m : *map->object()) {
    const std::string* file = m.value.text();
    if (!file)
      return error(StatusCode::corrupt_file, path, ": weight_map: ", m.name, " is ", m.value.kind(), ", not a file");
    const bool inside =
        !file->empty() && *file != "." && *file != ".." && file->find_first_of("/\\") == std::string::npos;
    if (!inside)
      return error(StatusCode::corrupt_file, path, ": weight_map: ", m.name, " is in \"", *file,
                   "\"; only names of files in the folder itself are allowed");
    file_of[m.name] = *file;
  }
  return file_of;
}

Result<Shards> open_indexed(const std::string& folder, const std::vector<std::string>& names) {
  const std::string index = folder + "/" + kIndex;
  Result<std::map<std::string, std::string>> file_of = read_index(index);
  if (!file_of.ok()) return file_of.status();
  std::map<std::string, std::string> wanted = *std::move(file_of);
  std::vector<std::string> files;
  for (const auto& [name, file] : wanted)
    if (!holds(files, file)) files.push_back(file);
  std::ranges::sort(files);
  Shards shards;
  for (const std::string& file : files) {
    if (!holds(names, file))
      return error(StatusCode::not_found, folder, "/", file, ": is missing; ", kIndex, " names it as one of ",
                   files.size(), " files: complete the download");
    Result<SafetensorsHeader> header = open_shard(join(folder, "/", file), shards);
    if (!header.ok()) return header.status();
    for (SafetensorsTensor& t : header->tensors) {
      const auto named = wanted.find(t.name);
      if (named == wanted.end() || named->second != file) {
        if (named == wanted.end()) shards.warnings.push_back(join(file, ": tensor ", t.name, " is not in ", kIndex));
        continue;
      }
      wanted.erase(named);
      if (Status s = add(shards, std::move(t)); !s.ok()) return s;
    }
  }
  if (wanted.empty()) return shards;
  const auto& [name, file] = *wanted.begin();
  return error(StatusCode::corrupt_file, folder, "/", file, ": tensor ", name, " is not there, where ", kIndex,
               " says it is");
}

}  // namespace

Result<Shards> open_shards(const std::string& folder) {
  const Result<std::vector<std::string>> names = names_in(folder);
  if (!names.ok()) return names.status();
  if (holds(*names, kWhole)) return open_whole(folder + "/" + kWhole);
  if (holds(*names, kIndex)) return open_indexed(folder, *names);
  const auto other = std::ranges::find_if(*names, [](const std::string& n) {
    return n.ends_with(".safetensors") || n.ends_with(".bin") || n.ends_with(".pth");
  });
  return error(StatusCode::not_found, folder, ": neither ", kWhole, " nor ", kIndex, " is there",
               other == names->end() ? std::string() : ", only " + *other,
               "; a model folder keeps its tensors in safetensors files");
}

}  // namespace tritium
