#include "model_files/folder_vocabulary.h"

#include <array>
#include <filesystem>

#include "base/input_file.h"
#include "text/hf_tokenizer.h"

namespace tritium {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// A file of a folder, where it is there.
Status read_beside(const fs::path& folder, const char* name, std::optional<std::string>& text) {
  if (!is_there(folder / name)) return Status();
  Result<std::string> read = read_file((folder / name).string());
  if (!read.ok()) return read.status();
  text = *std::move(read);
  return Status();
}

}  // namespace

Result<Metadata> read_folder_vocabulary(const std::string& path, const std::string& tokenizer) {
  const fs::path folder(path);
  HfTokenizerFiles files;
  Result<std::string> text = read_file(tokenizer);
  if (!text.ok()) return text.status();
  files.tokenizer = *std::move(text);
  struct File {
    const char* name;
    std::optional<std::string>& text;
  };
  const std::array others = {File{"tokenizer_config.json", files.tokenizer_config},
                             File{"special_tokens_map.json", files.special_tokens_map},
                             File{"generation_config.json", files.generation_config}, File{"config.json", files.config},
                             File{"chat_template.jinja", files.chat_template}};
  for (const File& file : others)
    if (Status s = read_beside(folder, file.name, file.text); !s.ok()) return s;
  Result<Metadata> metadata = hf_tokenizer_metadata(files);
  if (!metadata.ok()) return metadata.status().within(path);
  return metadata;
}

}  // namespace tritium
