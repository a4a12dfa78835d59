#include "train/test_time/setup.h"

#include <algorithm>
#include <cmath>

#include "base/format_text.h"
#include "model/metadata_keys.h"
#include "model/tensors.h"
#include "model_files/open_model.h"
#include "train/memory_plan.h"

namespace tritium::training {
namespace {

Status check_options(const TestTimeOptions& o) {
  const auto refuse = [](auto... what) { return error(StatusCode::invalid_argument, "test-time training: ", what...); };
  if (o.chunk < 0) return refuse("chunk is ", o.chunk, ", must be 1 token or more, or 0 for a choice by the text");
  if (o.epochs < 1) return refuse("epochs is ", o.epochs, ", must be 1 or more");
  if (o.batch < 1) return refuse("batch is ", o.batch, ", must be 1 sequence or more");
  if (!(o.learning_rate >= 0) || !std::isfinite(o.learning_rate))
    return refuse("learning_rate is ", o.learning_rate, ", must be a number of at least 0");
  if (!(o.momentum >= 0 && o.momentum < 1)) return refuse("momentum is ", o.momentum, ", must be from 0 to below 1");
  if (!(o.clip >= 0) || !std::isfinite(o.clip))
    return refuse("clip is ", o.clip, ", must be a number of at least 0; 0: gradients are as they are");
  if (o.activations == Activations::int8_block)
    return error(
        StatusCode::unsupported,
        "test-time training: activations that are rounded by blocks of 256 have no gradients; take int8 or f32");
  return Status();
}

// What learns keeps the precision that the file has it in; the routers' losses and biases are training's business.
Recipe recipe_of(const TestTimeOptions& o) {
  const auto mode = [&](LearningPart part) {
    return o.learns == LearningPart::all || o.learns == part ? WeightMode::ternary : WeightMode::frozen;
  };
  Recipe recipe = {.attention = mode(LearningPart::attention), .feed_forward = mode(LearningPart::feed_forward)};
  recipe.embedding = recipe.head = recipe.routers = mode(LearningPart::all);
  recipe.norms = mode(LearningPart::norms);
  recipe.as_stored = true;
  recipe.int8_activations = o.activations == Activations::int8;
  recipe.balance = recipe.z_loss = recipe.bias_rate = 0.0f;
  return recipe;
}

// Enough windows for a device to be busy with.
int64_t sequences_at_once(const TestTimeOptions& o, int64_t length, int64_t chunk) {
  constexpr int64_t kTokens = 2048;
  const int64_t of_a_chunk = std::max<int64_t>(1, chunk / length);
  return std::min({std::max<int64_t>(1, kTokens / length), o.batch, of_a_chunk});
}

}  // namespace

Result<TestTimeSetup> prepare_test_time(const TestTimeOptions& o) {
  if (Status s = check_options(o); !s.ok()) return s;
  Result<OpenedModel> file = open_model(o.model);
  if (!file.ok()) return file.status();
  Result<CheckedModel> model = CheckedModel::check(std::move(file->tensors));
  if (!model.ok()) return model.status();
  TestTimeSetup setup = {.run = {.model = *std::move(model)}};
  setup.run.warnings = std::move(file->warnings);
  const Config& config = setup.run.model.config();
  const Result<WindowSizes> sizes = window_sizes(o.window, o.stride, config.context_length, o.model);
  if (!sizes.ok()) return sizes.status();
  setup.sizes = *sizes;

  Result<std::shared_ptr<const Tokenizer>> tokenizer =
      Tokenizer::for_model(setup.run.model.metadata(), config.vocab_size, {.pre = o.tokenizer_pre});
  if (!tokenizer.ok()) return tokenizer.status().within(o.model);
  setup.run.tokenizer = *std::move(tokenizer);
  for (const std::string& warning : setup.run.tokenizer->warnings()) setup.run.warnings.push_back(warning);
  if (std::string unknown = unknown_keys_warning(setup.run.model.metadata()); !unknown.empty())
    setup.run.warnings.push_back(std::move(unknown));
  setup.tokens = setup.run.tokenizer->encode(o.text);
  const int64_t n = std::ssize(setup.tokens);
  if (n < 2) return error(StatusCode::invalid_argument, "the text has ", n, " tokens; at least 2 are needed");
  setup.bytes = setup.run.tokenizer->bytes_after_first(o.text, setup.tokens.front());
  setup.chunk = std::max(sizes->stride, o.chunk > 0 ? o.chunk : default_chunk(n, sizes->window));
  setup.chunks = chunks_of(SlidingWindows(n, *sizes), setup.chunk);

  setup.run.recipe = recipe_of(o);
  setup.run.steps = 1;
  setup.as_training.context = std::min(sizes->window, n) - 1;
  setup.as_training.micro_batch = sequences_at_once(o, setup.length(), setup.chunk);
  setup.as_training.optimizer = OptimizerKind::sgd;
  setup.as_training.ternary_rate = 0;
  return setup;
}

namespace {

// What plan_memory() does not know of: a weight as it is read for its checksum, tokens and their scores.
void add_own_parts(const TestTimeSetup& setup, TrainPlan& plan) {
  int64_t largest = 0;
  for (const TensorSpec& spec : tensor_specs(setup.run.model.config())) largest = std::max(largest, spec.elements());
  const uint64_t text = setup.tokens.size() * (sizeof(int32_t) + 2 * sizeof(float));
  for (MemoryPart part : {MemoryPart{"a weight's copy", static_cast<uint64_t>(largest) * sizeof(float)},
                          MemoryPart{"tokens and scores", text}}) {
    plan.memory_bytes += part.bytes;
    plan.memory.push_back(std::move(part));
  }
}

}  // namespace

Status fit_test_time(TestTimeSetup& setup, Backend& backend, uint64_t available) {
  TrainPlan least;
  const int64_t most = setup.sequences();
  for (const bool checkpoint : {false, true})
    for (const int64_t sequences : {most, int64_t{1}}) {
      setup.as_training.micro_batch = setup.as_training.batch = sequences;
      setup.run.recipe.checkpoint_activations = checkpoint;
      Result<TrainPlan> plan = plan_memory(setup.as_training, setup.run, backend);
      if (!plan.ok()) return plan.status();
      add_own_parts(setup, *plan);
      if (available == 0 || plan->memory_bytes <= available) return Status();
      if (least.memory_bytes == 0 || plan->memory_bytes < least.memory_bytes) least = *std::move(plan);
    }
  std::string parts;
  for (const MemoryPart& part : least.memory)
    if (part.bytes >> 20 > 0) parts += join(parts.empty() ? "" : ", ", part.what, " ", part.bytes >> 20);
  return error(
      StatusCode::out_of_memory, "test-time training needs about ", least.memory_bytes >> 20, " MiB (", parts, "), ",
      available >> 20,
      " MiB are free; a smaller window, or learning norms alone, needs less, and a score without learning least");
}

}  // namespace tritium::training
