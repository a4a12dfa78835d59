// A Hugging Face folder: config.json and tokenizer.json, each up to a zero byte, and behind them model.safetensors.
// What can be converted is a model.
#include "tests/fuzz/file_folder.h"
#include "tests/fuzz/use_model.h"
#include "tritium/convert.hpp"
#include "tritium/tritium.hpp"

namespace tritium::fuzz {
namespace {

// Up to a zero byte, which is taken, too.
std::string_view take_text(std::string_view& bytes) {
  const size_t end = std::min(bytes.find('\0'), bytes.size());
  const std::string_view text = bytes.substr(0, end);
  bytes.remove_prefix(std::min(end + 1, bytes.size()));
  return text;
}

}  // namespace

void try_input(std::string_view bytes) {
  static const FileFolder folder, results;
  const unsigned how = bytes.empty() ? 0 : static_cast<unsigned char>(bytes.back()) % 8;
  folder.write("config.json", take_text(bytes));
  folder.write("tokenizer.json", take_text(bytes));
  folder.write("model.safetensors", bytes);
  if (how != 3) {
    (void)use_model(folder.path(), how == 1);
    return;
  }
  const std::string output = results.file("out.gguf");
  const auto written = convert_model(folder.path(), {.output = output});
  require(written.ok() || !written.message().empty(), "an error has a message");
  if (!written.ok()) return;
  require(inspect_model(folder.path()).ok() == inspect_model(output).ok(), "a folder and its file are models, or not");
  (void)use_model(output, false);
}

}  // namespace tritium::fuzz
