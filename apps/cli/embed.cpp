// Texts as vectors.
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/input_text.h"
#include "cli/model_options.h"
#include "cli/print_json.h"
#include "cli/terminal.h"

namespace tritium::cli {
namespace {

struct EmbedChoice {
  ModelOptions model;
  std::vector<std::string> texts;
  std::string file;
  std::string pooling = "model";
  bool raw = false;
  bool json = false;
};

Pooling pooling_of(const std::string& name) {
  return name == "last" ? Pooling::last : name == "mean" ? Pooling::mean : Pooling::of_model;
}

// A line each, so that other programs can split them.
void print_vector(const std::vector<float>& vector) {
  std::string line;
  char number[32];
  for (const float x : vector) {
    std::snprintf(number, sizeof number, "%s%.9g", line.empty() ? "" : " ", static_cast<double>(x));
    line += number;
  }
  print(line + "\n");
}

int embed(EmbedChoice choice) {
  catch_interrupt();
  if (!choice.file.empty()) {
    Result<std::string> text = read_text(choice.file, say_waiting(choice.file));
    if (!text.ok()) return report(text.status());
    choice.texts.push_back(*std::move(text));
  }
  const Result<LoadedModel> loaded = load(choice.model);
  if (!loaded.ok()) return report(loaded.status());
  const EmbeddingOptions options = {.pooling = pooling_of(choice.pooling),
                                    .normalize = !choice.raw,
                                    .activations = choice.model.activations,
                                    .kv = choice.model.kv,
                                    .keep_going = keep_going};
  std::vector<std::vector<float>> vectors;
  for (const std::string& text : choice.texts) {
    Result<std::vector<float>> vector = loaded->model.embed(text, options);
    if (!vector.ok()) return report(vector.status());
    vectors.push_back(*std::move(vector));
  }
  if (!choice.json) {
    for (const std::vector<float>& vector : vectors) print_vector(vector);
    return kOk;
  }
  nlohmann::json result = {{"dim", loaded->model.info().dim}, {"embeddings", vectors}};
  if (vectors.size() == 1) result["embedding"] = vectors.front();
  print_json(std::move(result));
  return kOk;
}

}  // namespace

void add_embed(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("embed", "the vector of a text");
  auto choice = std::make_shared<EmbedChoice>();
  add_model_options(*command, choice->model);
  CLI::Option* text = command->add_option("--text", choice->texts, "the text; several: a vector each");
  CLI::Option* file = command->add_option("--file", choice->file, "a file with one text more; -: stdin");
  command->add_option("--pooling", choice->pooling, "how a text's tokens become one vector")
      ->check(CLI::IsMember({"model", "last", "mean"}))
      ->capture_default_str();
  command->add_flag("--raw", choice->raw, "as they are, not brought to length 1");
  command->add_flag("--json", choice->json, "a JSON object: dim, embeddings, and embedding where there is one text");
  command->footer("Example:\n  tritium embed model.gguf --text \"a red ball\" --text \"a green hill\" --json");
  command->callback([=, &action] {
    if (text->count() + file->count() == 0) throw CLI::RequiredError("--text or --file");
    action = [choice] { return embed(*choice); };
  });
}

}  // namespace tritium::cli
