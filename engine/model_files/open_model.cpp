#include "model_files/open_model.h"

#include <sys/stat.h>

#include "base/folder.h"
#include "base/input_file.h"
#include "format/folder/open_folder.h"
#include "format/split_gguf.h"
#include "tensor/split_file.h"

namespace tritium {
namespace {

bool is_folder(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

Result<OpenedModel> open_model(const std::string& path, const OpenModelOptions& options) {
  OpenedModel model;
  if (is_folder(path)) {
    Result<OpenFolder> folder = open_folder(path, {});
    if (!folder.ok()) return folder.status();
    model.tensors = std::move(folder->tensors);
    model.warnings = std::move(folder->warnings);
    return model;
  }
  Result<std::unique_ptr<TensorMap>> file = open_whole_gguf(path, {.i2s_interleave_64 = options.i2s_interleave_64});
  if (!file.ok()) return file.status();
  model.tensors = *std::move(file);
  return model;
}

Result<std::vector<std::string>> files_of_model(const std::string& path) {
  std::vector<std::string> files;
  if (is_folder(path)) {
    const Result<std::vector<std::string>> names = names_in(path);
    if (!names.ok()) return names.status();
    for (const std::string& name : *names)
      if (name == "config.json" || name.ends_with(".safetensors")) files.push_back(path + "/" + name);
    return files;
  }
  const std::optional<PartName> part = part_name(path);
  if (!part) return std::vector{path};
  for (int number = 1; number <= part->count; ++number) {
    const std::string name = path_of({.stem = part->stem, .number = number, .count = part->count});
    if (number == part->number || InputFile::open_regular(name).ok()) files.push_back(name);
  }
  return files;
}

Result<Metadata> open_vocabulary(const std::string& path) {
  const Result<OpenedModel> model = open_model(path);
  if (!model.ok()) return model.status();
  Metadata vocabulary;
  for (const auto& [key, value] : model->tensors->metadata().values())
    if (key.starts_with("tokenizer.")) vocabulary.set(key, value);
  return vocabulary;
}

}  // namespace tritium
