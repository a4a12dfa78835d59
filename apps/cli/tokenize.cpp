// Text to token ids and back, with a vocabulary alone.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/model_options.h"
#include "cli/print_json.h"
#include "cli/printable.h"
#include "cli/system.h"
#include "cli/terminal.h"

namespace tritium::cli {
namespace {

struct VocabularyChoice {
  std::string path;
  VocabularyOptions options;
  bool json = false;
};

void add_vocabulary_options(CLI::App& command, VocabularyChoice& choice) {
  command.add_option("MODEL", choice.path, "GGUF file (without tensors, too), Hugging Face folder or tokenizer.json")
      ->required();
  command.add_option("--pre", choice.options.pre,
                     "how a byte-level vocabulary splits text, instead of what the file says: llama-bpe, qwen2 …");
  command.add_flag("--json", choice.json, "a JSON object on stdout");
}

Result<Vocabulary> open(const VocabularyChoice& choice) {
  Result<Vocabulary> vocabulary = Vocabulary::open(choice.path, choice.options);
  if (vocabulary.ok())
    for (const std::string& warning : vocabulary->warnings())
      std::fprintf(stderr, "tritium: warning: %s\n", printable(warning).c_str());
  return vocabulary;
}

struct TokenizeChoice {
  VocabularyChoice vocabulary;
  TokenizeOptions options;
  std::string text;
  std::string file;
};

// All bytes of a file as they are: what no text should hold has tokens, too. "-": stdin.
Result<std::string> read_bytes(const std::string& path) {
  const bool standard = path == "-";
  const auto close = [](std::FILE* file) {
    if (file && file != stdin) std::fclose(file);
  };
  const std::unique_ptr<std::FILE, decltype(close)> file(standard ? stdin : open_file(path, "rb"), close);
  std::string text, some(size_t{1} << 16, '\0');
  while (file) {
    const size_t n = std::fread(some.data(), 1, some.size(), file.get());
    text.append(some, 0, n);
    if (n < some.size()) break;
  }
  if (file && std::ferror(file.get()) == 0) return text;
  const StatusCode code = errno == ENOENT ? StatusCode::not_found : StatusCode::io_error;
  return Status(code, (standard ? "standard input" : path) + ": cannot be read: " + std::strerror(errno));
}

int tokenize(TokenizeChoice choice) {
  if (!choice.file.empty()) {
    Result<std::string> text = read_bytes(choice.file);
    if (!text.ok()) return report(text.status());
    choice.text = *std::move(text);
  }
  const Result<Vocabulary> vocabulary = open(choice.vocabulary);
  if (!vocabulary.ok()) return report(vocabulary.status());
  const Result<std::vector<int32_t>> ids = vocabulary->tokenize(choice.text, choice.options);
  if (!ids.ok()) return report(ids.status());
  if (choice.vocabulary.json) {
    print("{\"ids\": " + nlohmann::json(*ids).dump() + "}\n");
    return kOk;
  }
  std::string line;
  for (const int32_t id : *ids) line += (line.empty() ? "" : " ") + std::to_string(id);
  print(line + "\n");
  return kOk;
}

struct DetokenizeChoice {
  VocabularyChoice vocabulary;
  std::string tokens;
  bool special = false;
};

int detokenize(const DetokenizeChoice& choice) {
  // No tokens are a text, too.
  const bool none = choice.tokens.find_first_not_of(" ,\t\n") == std::string::npos;
  const Result<std::vector<int32_t>> tokens = none ? std::vector<int32_t>() : parse_tokens(choice.tokens);
  if (!tokens.ok()) return report(tokens.status());
  const Result<Vocabulary> vocabulary = open(choice.vocabulary);
  if (!vocabulary.ok()) return report(vocabulary.status());
  const Result<std::string> text = vocabulary->detokenize(*tokens, choice.special);
  if (!text.ok()) return report(text.status());
  if (choice.vocabulary.json) {
    print_json({{"text", *text}});
  } else {
    // Elsewhere nothing is added to the text.
    print(is_terminal(Stream::output) ? printable(*text) + "\n" : *text);
  }
  return kOk;
}

}  // namespace

void add_tokenize(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("tokenize", "the token ids of a text");
  auto choice = std::make_shared<TokenizeChoice>();
  add_vocabulary_options(*command, choice->vocabulary);
  CLI::Option* text = command->add_option("--text", choice->text, "the text");
  CLI::Option* file = command->add_option("--file", choice->file, "a file with the text; -: stdin")->excludes(text);
  command->add_flag("--special", choice->options.parse_special,
                    "control tokens written in the text (\"<|im_end|>\") become those tokens");
  command->add_flag("--bos", choice->options.add_ends, "add what the model wants before and after a text");
  command->footer(
      "Examples:\n"
      "  tritium tokenize model.gguf --text \"Hello world\"\n"
      "  tritium tokenize folder/tokenizer.json --file book.txt --json");
  command->callback([=, &action] {
    if (text->count() + file->count() == 0) throw CLI::RequiredError("--text or --file");
    action = [choice] { return tokenize(*choice); };
  });
}

void add_detokenize(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("detokenize", "the text of token ids");
  auto choice = std::make_shared<DetokenizeChoice>();
  add_vocabulary_options(*command, choice->vocabulary);
  command->add_option("--tokens", choice->tokens, "token ids: \"1 403 7\" or \"1,403,7\"")->required();
  command->add_flag("--special", choice->special, "show control tokens as they are written");
  command->footer("Example:\n  tritium detokenize model.gguf --tokens \"9906,1917\"");
  command->callback([=, &action] { action = [choice] { return detokenize(*choice); }; });
}

}  // namespace tritium::cli
