#include "model_files/open_model.h"

#include <algorithm>

#include "base/checksum.h"
#include "base/folder.h"
#include "base/format_text.h"
#include "base/input_file.h"
#include "base/path.h"
#include "format/folder/open_folder.h"
#include "format/split_gguf.h"
#include "model_files/folder_vocabulary.h"
#include "tensor/split_file.h"

namespace tritium {
namespace {

Result<Metadata> vocabulary_of_folder(const std::string& path) {
  const std::string tokenizer = path + "/tokenizer.json";
  if (is_there(tokenizer)) return read_folder_vocabulary(path, tokenizer);
  return error(StatusCode::not_found, path,
               ": there is no tokenizer.json in this folder; a tokenizer.model is not read");
}

}  // namespace

Result<OpenedModel> open_model(const std::string& path, const OpenModelOptions& options) {
  OpenedModel model;
  if (is_folder(path)) {
    const Result<Metadata> vocabulary = vocabulary_of_folder(path);
    Result<OpenFolder> folder = open_folder(path, vocabulary.ok() ? *vocabulary : Metadata());
    if (!folder.ok()) return folder.status();
    model.tensors = std::move(folder->tensors);
    model.warnings = std::move(folder->warnings);
    if (!vocabulary.ok() && vocabulary.code() != StatusCode::not_found)
      model.warnings.push_back("no tokenizer: " + vocabulary.message());
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
      if (name.ends_with(".json") || name.ends_with(".jinja") || name.ends_with(".safetensors"))
        files.push_back(join(path, "/", name));
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

namespace {

// Of each file's name, size and time, and of its first bytes, so many at most.
Result<uint64_t> sum_of_files(const std::string& path, uint64_t most_bytes) {
  const Result<std::vector<std::string>> files = files_of_model(path);
  if (!files.ok()) return files.status();
  Checksum sum;
  std::vector<std::byte> beginning;
  for (const std::string& name : *files) {
    const Result<InputFile> file = InputFile::open_regular(name);
    if (!file.ok()) return file.status();
    beginning.resize(std::min(most_bytes, file->size()));
    if (Status s = file->read_at(0, beginning); !s.ok()) return s;
    sum.add(join(file_name_of(name), ' ', file->size(), ' ', file->modified(), '\n'));
    sum.add(beginning);
  }
  return sum.value();
}

}  // namespace

Result<uint64_t> stamp_of_model(const std::string& path) { return sum_of_files(path, 0); }

Result<uint64_t> fingerprint_of_model(const std::string& path) {
  constexpr uint64_t kBeginning = uint64_t{16} << 20;  // more than the header of any released model
  return sum_of_files(path, kBeginning);
}

Result<Metadata> open_vocabulary(const std::string& path) {
  if (is_folder(path)) return vocabulary_of_folder(path);
  if (path.ends_with(".json")) {
    return read_folder_vocabulary(folder_of(path), path);
  }
  Result<std::unique_ptr<TensorMap>> file = open_gguf(path, {});
  if (!file.ok()) return file.status();
  return (*file)->metadata();
}

}  // namespace tritium
