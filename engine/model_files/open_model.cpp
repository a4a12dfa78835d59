#include "model_files/open_model.h"

#include <sys/stat.h>

#include "format/folder/open_folder.h"
#include "format/split_gguf.h"

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

Result<Metadata> open_vocabulary(const std::string& path) {
  const Result<OpenedModel> model = open_model(path);
  if (!model.ok()) return model.status();
  Metadata vocabulary;
  for (const auto& [key, value] : model->tensors->metadata().values())
    if (key.starts_with("tokenizer.")) vocabulary.set(key, value);
  return vocabulary;
}

}  // namespace tritium
