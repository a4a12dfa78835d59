#include "tests/fuzz/use_model.h"

#include <algorithm>
#include <cmath>

#include "tests/fuzz/input.h"
#include "tritium/training.hpp"
#include "tritium/tritium.hpp"

namespace tritium::fuzz {
namespace {

// Larger ones are refused or slow: nothing that is looked for here.
constexpr uint64_t kMostParameters = 1u << 20;

const Runtime& runtime() {
  static const Runtime one = *Runtime::create({.backend = "cpu", .threads = 1});
  return one;
}

}  // namespace

bool use_model(const std::string& path, bool described_first) {
  if (described_first) {
    const Result<ModelInfo> info = inspect_model(path);
    require(info.ok() || !info.message().empty(), "an error has a message");
    if (!info.ok()) return false;
  }
  const Result<Model> model = runtime().load(path);
  require(model.ok() || !model.message().empty(), "an error has a message");
  if (!model.ok()) return false;
  const ModelInfo* info = &model->info();
  if (info->parameters > kMostParameters) return false;
  Result<Session> session = model->create_session({.context = std::min<int64_t>(info->context_length, 16)});
  if (!session.ok()) return false;
  const int32_t tokens[] = {1, static_cast<int32_t>(info->vocab_size - 1), 0};
  const auto logits = session->evaluate(tokens);
  if (logits.ok())
    for (float logit : *logits) require(std::isfinite(logit), "logits are numbers, or there is an error");
  if (const auto made = session->generate({}, {.max_tokens = 2}); made.ok())
    for (int32_t token : made->tokens)
      require(token >= 0 && token < info->vocab_size, "a generated token is in the vocabulary");
  if (const auto ids = model->tokenize("a <s>bad cab\n\xff"); ids.ok()) {
    for (int32_t id : *ids) require(id >= 0 && id < info->vocab_size, "a token of a text is in the vocabulary");
    require(model->detokenize(*ids).ok(), "what was tokenized is text again");
  }
  return logits.ok();
}

bool train_model(const std::string& path) {
  static const MemoryFile text(std::string(60, 'a') + " bad cab " + std::string(20, 'c'));
  TrainOptions options;
  options.model = path;
  options.data = {text.path()};
  options.steps = 1;
  options.batch = 1;
  options.context = 8;
  options.backend = "cpu";
  options.threads = 1;
  if (const Result<ModelInfo> info = inspect_model(path); info.ok() && info->parameters > kMostParameters) return false;
  const Result<TrainReport> report = train(options, {});
  if (report.ok()) require(std::isfinite(report->valid_loss), "a loss is a number");
  return report.ok();
}

}  // namespace tritium::fuzz
