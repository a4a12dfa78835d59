#include "model_files/folder_vocabulary.h"

#include <array>

#include "base/folder.h"
#include "base/input_file.h"
#include "base/path.h"
#include "text/hf_tokenizer.h"

namespace tritium {
namespace {

// A file of a folder, where it is there.
Status read_beside(const std::string& folder, const char* name, std::optional<std::string>& text) {
  const std::string path = path_in(folder, name);
  if (!is_there(path)) return Status();
  Result<std::string> read = read_file(path);
  if (!read.ok()) return read.status();
  text = *std::move(read);
  return Status();
}

}  // namespace

Result<Metadata> read_folder_vocabulary(const std::string& path, const std::string& tokenizer) {
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
    if (Status s = read_beside(path, file.name, file.text); !s.ok()) return s;
  Result<Metadata> metadata = hf_tokenizer_metadata(files);
  if (!metadata.ok()) return metadata.status().within(path);
  return metadata;
}

}  // namespace tritium
