// How far the cpu backend, which computes in single precision what the reference computes in double, is from the
// reference in what a model says. Integer products are equal to the bit; a float that is off by its last bit may cross
// a rounding boundary of a quantiser, or the border between two experts, and then a model's values differ by a whole
// step. So the measure is what the reference itself does when its embeddings are moved by one unit in the last place.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/counter_rng.h"
#include "base/format_text.h"
#include "cpu/cpu_backend.h"
#include "cpu_ref/reference_backend.h"
#include "format/gguf.h"
#include "model/checked_model.h"
#include "model/state.h"
#include "model/transformer.h"
#include "model/weights.h"
#include "tests/support/random_model.h"
#include "tests/support/shared_material.h"
#include "tritium/tritium.hpp"

namespace tritium {
namespace {

struct Agreement {
  double mean_divergence = 0;  // KL(expected || tested)
  double other_best = 0;       // part of the rows whose largest logit is another token's
};

Agreement agreement_of(const std::vector<float>& expected, const std::vector<float>& tested, size_t cols) {
  Agreement a;
  const size_t rows = expected.size() / cols;
  for (size_t r = 0; r < rows; ++r) {
    const auto e = std::span(expected).subspan(r * cols, cols), t = std::span(tested).subspan(r * cols, cols);
    const auto log_sum = [](std::span<const float> row) {
      const double top = *std::ranges::max_element(row);
      double sum = 0;
      for (const float x : row) sum += std::exp(x - top);
      return top + std::log(sum);
    };
    const double le = log_sum(e), lt = log_sum(t);
    for (size_t i = 0; i < cols; ++i)
      a.mean_divergence += std::exp(e[i] - le) * ((e[i] - le) - (t[i] - lt)) / static_cast<double>(rows);
    if (std::ranges::max_element(e) - e.begin() != std::ranges::max_element(t) - t.begin())
      a.other_best += 1.0 / static_cast<double>(rows);
  }
  return a;
}

std::vector<float> logits_of(const TensorMap& map, std::unique_ptr<Backend> backend, std::span<const int32_t> tokens) {
  const Result<CheckedModel> model = CheckedModel::check(map);
  EXPECT_TRUE(model.ok()) << model.message();
  const Config& config = model->config();
  const Result<Weights> weights = load_weights(*model, *backend, {});
  const auto n = static_cast<int64_t>(tokens.size());
  Result<ForwardState> state = make_state(config, *weights, *backend, {.capacity = n, .batch = n});
  EXPECT_TRUE(state.ok()) << state.message();
  std::vector<float> logits(tokens.size() * static_cast<size_t>(config.vocab_size));
  const Status status = forward(config, *weights, *state, *backend, tokens, 0, Logits::all, logits);
  EXPECT_TRUE(status.ok()) << status.message();
  return logits;
}

// Each embedding one unit in the last place up or down.
MemoryTensorMap nudged(MemoryTensorMap map, uint64_t seed) {
  const TensorInfo* info = map.find("token_embd.weight");
  std::vector<float> values = *map.load_f32(info->name);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = std::nextafter(values[i], random_bits(seed, i) % 2 == 0 ? -INFINITY : INFINITY);
  map.add("token_embd.weight", info->shape, values);
  return map;
}

TEST(Agreement, OfRandomModelsIsThatOfTwoReferencesOneUnitInTheLastPlaceApart) {
  constexpr int kVocabulary = 97;
  std::vector<int32_t> tokens;
  for (uint64_t i = 0; i < 64; ++i) tokens.push_back(static_cast<int32_t>(random_bits(5, i) % kVocabulary));
  double cpu = 0, reference = 0;
  for (const char* architecture : {"bitnet", "qwen3moe", "maple"})
    for (uint64_t seed = 1; seed <= 4; ++seed) {
      const bool experts = std::string(architecture) != "bitnet";
      const MemoryTensorMap map = random_model({.architecture = architecture,
                                                .vocab_size = kVocabulary,
                                                .dim = 256,
                                                .n_layers = 4,
                                                .head_dim = 64,
                                                .rope_dims = 64,
                                                .ffn_dim = 256,
                                                .n_experts = experts ? 16 : 0,
                                                .n_experts_used = 4,
                                                .seed = seed});
      const auto expected = logits_of(map, make_reference_backend(), tokens);
      const auto divergence = [&](const std::vector<float>& logits) {
        return agreement_of(expected, logits, kVocabulary).mean_divergence;
      };
      cpu += divergence(logits_of(map, make_cpu_backend({}), tokens));
      reference += divergence(logits_of(nudged(map, seed), make_reference_backend(), tokens));
    }
  EXPECT_GT(reference, 0.0);
  EXPECT_LE(cpu, reference);
}

// The tensors of a file, in memory.
MemoryTensorMap in_memory(const std::string& path) {
  const Result<std::unique_ptr<TensorMap>> file = open_gguf(path, {});
  EXPECT_TRUE(file.ok()) << file.message();
  MemoryTensorMap map;
  map.mutable_metadata() = (*file)->metadata();
  for (const TensorInfo& info : (*file)->tensors())
    if (info.ternary)
      map.add(info.name, info.shape, *(*file)->load_ternary(info.name));
    else
      map.add(info.name, info.shape, *(*file)->load_f32(info.name));
  return map;
}

// 2000 tokens that the trained model wrote itself.
TEST(Agreement, OfATrainedModelIsThatOfReferencesOneUnitInTheLastPlaceApart) {
  constexpr int kStories = 8, kTokens = 250;
  const auto path = shared_file("models/tinystories-bitnet-3m.tq2_0.gguf");
  if (!path) GTEST_SKIP() << kNoSharedMaterial;
  const MemoryTensorMap map = in_memory(path->string());
  const Result<Runtime> runtime = Runtime::create({.backend = "reference"});
  const Result<Model> model = runtime->load(path->string());
  ASSERT_TRUE(model.ok()) << model.message();
  const auto vocabulary = static_cast<size_t>(model->info().vocab_size);
  Agreement cpu, reference;
  const auto add = [](Agreement& to, const Agreement& a) {
    to.mean_divergence += a.mean_divergence / kStories;
    to.other_best += a.other_best / kStories;
  };
  for (uint64_t story = 0; story < kStories; ++story) {
    Result<Session> session = model->create_session();
    std::vector<int32_t> tokens = *model->tokenize("Once upon a time");
    const Result<Generation> written = session->generate(
        tokens, {.max_tokens = kTokens, .sampler = {.temperature = 0.8f, .seed = story}, .stop_at_end = false});
    ASSERT_TRUE(written.ok()) << written.message();
    tokens.insert(tokens.end(), written->tokens.begin(), written->tokens.end());
    tokens.resize(kTokens);
    const auto expected = logits_of(map, make_reference_backend(), tokens);
    add(cpu, agreement_of(expected, logits_of(map, make_cpu_backend({}), tokens), vocabulary));
    const auto moved = logits_of(nudged(map, story), make_reference_backend(), tokens);
    add(reference, agreement_of(expected, moved, vocabulary));
  }
  RecordProperty("cpu", join(cpu.mean_divergence, ", another best token: ", cpu.other_best));
  RecordProperty("reference", join(reference.mean_divergence, ", another best token: ", reference.other_best));
  EXPECT_GT(reference.mean_divergence, 0.0);
  EXPECT_LE(cpu.mean_divergence, 1.5 * reference.mean_divergence);  // some hundred steps, each taken or not
  EXPECT_LE(cpu.other_best, 0.005);
}

}  // namespace
}  // namespace tritium
