// The proof that an exported file is the model that was trained.
#include <algorithm>
#include <cmath>

#include "base/format_text.h"
#include "format/gguf.h"
#include "model/adapters.h"
#include "model/transformer.h"
#include "model_files/open_model.h"
#include "train/export.h"

namespace tritium::training {
namespace {

// Logits after every token, as an application that loads the file gets them.
Result<std::vector<float>> file_logits(const ExportedFiles& files, Ops& ops, std::span<const int32_t> tokens,
                                       ActivationMode inputs) {
  Result<OpenedModel> file = open_model(files.model);
  if (!file.ok()) return file.status();
  const Result<CheckedModel> model = CheckedModel::check(std::move(file->tensors));
  if (!model.ok()) return model.status();
  const Config& config = model->config();
  Result<Weights> weights = load_weights(*model, ops.backend(), {});
  if (!weights.ok()) return weights.status();
  LowRankAdapter adapter;
  if (!files.adapter.empty()) {
    const Result<std::unique_ptr<TensorMap>> source = open_gguf(files.adapter, {});
    if (!source.ok()) return source.status();
    Result<LowRankAdapter> loaded = load_adapter(**source, config, *weights, ops.backend());
    if (!loaded.ok()) return loaded.status();
    adapter = *std::move(loaded);
    weights = with_adapter(*weights, config, adapter, 1.0f);
  }
  const auto n = static_cast<int64_t>(tokens.size());
  Result<ForwardState> state = make_state(config, *weights, ops.backend(),
                                          {.capacity = n, .batch = n, .activations = inputs, .cache = DType::f32});
  if (!state.ok()) return state.status();
  std::vector<float> logits(tokens.size() * static_cast<size_t>(config.vocab_size));
  if (Status s = forward(config, *weights, *state, ops.backend(), tokens, 0, Logits::all, logits); !s.ok()) return s;
  return logits;
}

}  // namespace

Result<double> compare_with_file(const ExportedFiles& files, Ops& ops, Workspace& workspace, Transformer& model,
                                 ActivationMode inputs, std::span<const int32_t> tokens) {
  const Result<std::vector<float>> stored = file_logits(files, ops, tokens, inputs);
  if (!stored.ok()) return stored.status().within("the exported file");
  const std::vector<int32_t> unscored(tokens.size(), -1);
  const std::vector<float> trained =
      model.logits(ops, workspace, {1, static_cast<int64_t>(tokens.size()), tokens, unscored}, inputs);
  if (Status s = ops.finish(); !s.ok()) return s;
  double largest = 0, largest_difference = 0;
  for (size_t i = 0; i < trained.size(); ++i) {
    largest = std::max(largest, std::abs(double{trained[i]}));
    const double difference = std::abs(double{trained[i]} - (*stored)[i]);
    if (!(difference <= largest_difference)) largest_difference = difference;
  }
  if (!(largest_difference <= 1e-3 * std::max(largest, 1.0)))
    return error(StatusCode::internal, "logits of the written file differ from the trainer's by ", largest_difference,
                 " (largest ", largest, ")");
  return largest_difference;
}

}  // namespace tritium::training
