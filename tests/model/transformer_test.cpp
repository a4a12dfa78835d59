// The forward pass on random models: properties that hold whatever the weights are, on the reference; and the other
// backends beside the reference, operation by operation.
#include "model/transformer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "backends.h"
#include "cpu_ref/reference_backend.h"
#include "ops/compare_backend.h"
#include "tests/support/counting_backend.h"
#include "tests/support/random_model.h"

namespace tritium {
namespace {

// A model ready to run on a backend of its own.
struct Runner {
  std::unique_ptr<Backend> backend;
  Config config;
  Weights weights;
  ForwardState state;

  std::vector<float> run(std::span<const int32_t> tokens, TokenPosition position, Logits wanted) {
    const size_t rows = wanted == Logits::all ? tokens.size() : 1;
    std::vector<float> logits(rows * static_cast<size_t>(config.vocab_size));
    const Status status = forward(config, weights, state, *backend, tokens, position, wanted, logits);
    EXPECT_TRUE(status.ok()) << status.message();
    return logits;
  }
};

Runner make_runner(const TensorMap& map, ActivationMode mode,
                   std::unique_ptr<Backend> backend = make_reference_backend(), int64_t batch = 32,
                   int64_t sequences = 1) {
  Runner r;
  r.backend = std::move(backend);
  const Result<CheckedModel> model = CheckedModel::check(map);
  EXPECT_TRUE(model.ok()) << model.message();
  r.config = model->config();
  Result<Weights> weights = load_weights(*model, *r.backend, {});
  EXPECT_TRUE(weights.ok()) << weights.message();
  r.weights = *std::move(weights);
  Result<ForwardState> state =
      make_state(r.config, r.weights, *r.backend,
                 {.capacity = 64, .sequences = sequences, .batch = batch, .activations = mode, .cache = DType::f32});
  EXPECT_TRUE(state.ok()) << state.message();
  r.state = *std::move(state);
  return r;
}

const std::vector<int32_t> kTokens = {1, 5, 9, 96, 0, 33, 33, 7, 2, 64, 11, 12, 80, 4, 4, 90, 3};

// Layers of different sizes: dense with sub-norms, experts with a norm of all heads, experts with sliding windows.
std::vector<RandomModelOptions> uneven_models() {
  return {{.architecture = "bitnet",
           .per_layer = {{"attention.head_count", {4, 1, 6}},
                         {"attention.head_count_kv", {2, 1, 3}},
                         {"feed_forward_length", {80, 33, 128}}}},
          {.architecture = "olmoe",
           .n_experts = 5,
           .per_layer = {{"attention.head_count", {2, 4, 3}},
                         {"attention.head_count_kv", {2, 1, 3}},
                         {"expert_feed_forward_length", {40, 96, 17}}}},
          {.architecture = "maple",
           .n_layers = 4,
           .rope_dims = 8,
           .n_experts = 4,
           .per_layer = {{"attention.head_count", {2, 4, 4, 6}},
                         {"attention.head_count_kv", {1, 4, 2, 2}},
                         {"attention.key_length", {32, 16, 8, 24}},
                         {"attention.value_length", {16, 8, 32, 24}},
                         {"expert_feed_forward_length", {64, 24, 40, 100}}}}};
}

std::vector<RandomModelOptions> models() {
  std::vector<RandomModelOptions> all = {
      {.architecture = "llama"},
      {.architecture = "llama", .n_kv_heads = 4, .n_experts = 5, .n_experts_used = 3},
      {.architecture = "bitnet", .dim = 64, .tied_head = true},
      {.architecture = "bitnet-b1.58"},
      {.architecture = "qwen3", .n_kv_heads = 1, .ternary = false},
      {.architecture = "qwen3moe", .n_experts = 7},
      {.architecture = "hunyuan-dense"},
      {.architecture = "olmoe", .n_kv_heads = 4, .n_experts = 3, .n_experts_used = 3},
      {.architecture = "maple", .n_layers = 5, .rope_dims = 8, .n_experts = 9, .n_experts_used = 4}};
  std::ranges::copy(uneven_models(), std::back_inserter(all));
  return all;
}

TEST(Transformer, APromptAtOnceAndTokenByTokenGiveTheSameLogits) {
  for (const RandomModelOptions& options : models()) {
    const MemoryTensorMap map = random_model(options);
    const std::vector<float> at_once = make_runner(map, ActivationMode::int8_per_token).run(kTokens, 0, Logits::all);
    Runner stepwise = make_runner(map, ActivationMode::int8_per_token);
    const auto vocab = static_cast<size_t>(options.vocab_size);
    for (size_t t = 0; t < kTokens.size(); ++t) {
      const auto one = stepwise.run(std::span(&kTokens[t], 1), static_cast<int64_t>(t), Logits::last);
      const auto row = std::span(at_once).subspan(t * vocab, vocab);
      EXPECT_TRUE(std::ranges::equal(one, row)) << options.architecture << " at token " << t;
    }
  }
}

// Sequences of 3, 5 and 11 tokens, which go on together.
TEST(Transformer, SequencesThatShareAPassGetTheLogitsThatEachGetsAlone) {
  constexpr std::array<size_t, 3> kLengths = {3, 5, 11};
  constexpr auto kMode = ActivationMode::int8_per_token;
  for (const char* backend : {"reference", "cpu"})
    for (const RandomModelOptions& options : models()) {
      const auto made = [&] {
        return *make_backend({.backend = backend, .threads = 2, .capture_file = {}, .log = {}});
      };
      const MemoryTensorMap map = random_model(options);
      Runner shared = make_runner(map, kMode, made(), 32, 4);
      std::vector<std::vector<float>> alone;
      for (size_t s = 0; s < kLengths.size(); ++s) {
        const auto prompt = std::span(kTokens).subspan(s, kLengths[s]);
        shared.run(prompt, {0, static_cast<int64_t>(s + 1)}, Logits::none);
        Runner lone = make_runner(map, kMode, made());
        lone.run(prompt, 0, Logits::none);
        for (int64_t i = 0; i < 2; ++i)
          alone.push_back(lone.run(std::span(&kTokens[s], 1), std::ssize(prompt) + i, Logits::last));
      }
      const auto vocab = static_cast<size_t>(options.vocab_size);
      for (size_t i = 0; i < 2; ++i) {
        std::vector<TokenPosition> at;
        for (size_t s = 0; s < kLengths.size(); ++s)
          at.emplace_back(static_cast<int64_t>(kLengths[s] + i), static_cast<int64_t>(s + 1));
        std::vector<float> logits(kLengths.size() * vocab);
        const Status status = forward_together(shared.config, shared.weights, shared.state, *shared.backend,
                                               std::span(kTokens).first(kLengths.size()), at, logits);
        ASSERT_TRUE(status.ok()) << status.message();
        for (size_t s = 0; s < kLengths.size(); ++s)
          EXPECT_TRUE(std::ranges::equal(std::span(logits).subspan(s * vocab, vocab), alone[2 * s + i]))
              << backend << " " << options.architecture << " sequence " << s << " token " << i;
      }
    }
}

TEST(Transformer, LaterTokensDoNotChangeEarlierLogits) {
  const MemoryTensorMap map = random_model({.architecture = "maple", .n_experts = 4});
  std::vector<int32_t> changed = kTokens;
  changed.back() = 50;
  const auto a = make_runner(map, ActivationMode::f32).run(kTokens, 0, Logits::all);
  const auto b = make_runner(map, ActivationMode::f32).run(changed, 0, Logits::all);
  const size_t same = (kTokens.size() - 1) * 97;
  EXPECT_TRUE(std::equal(a.begin(), a.begin() + same, b.begin()));
  EXPECT_FALSE(std::equal(a.begin() + same, a.end(), b.begin() + same));
}

TEST(Transformer, WithOnlySlidingLayersATokenBeyondEveryWindowIsForgotten) {
  RandomModelOptions options{.architecture = "maple", .n_layers = 2, .n_experts = 4, .window = 3};
  MemoryTensorMap map = random_model(options);
  map.mutable_metadata().set("maple.attention.sliding_window_pattern", std::vector<int64_t>{1, 1});
  std::vector<int32_t> changed = kTokens;
  changed.front() = 50;
  const auto a = make_runner(map, ActivationMode::f32).run(kTokens, 0, Logits::all);
  const auto b = make_runner(map, ActivationMode::f32).run(changed, 0, Logits::all);
  // Two layers of window 3 reach 4 tokens back: position 4 still depends on token 0, position 5 does not.
  EXPECT_FALSE(std::equal(a.begin() + 4 * 97, a.begin() + 5 * 97, b.begin() + 4 * 97));
  EXPECT_TRUE(std::equal(a.begin() + 5 * 97, a.end(), b.begin() + 5 * 97));
}

TEST(Transformer, RewritingACachedPositionGivesTheLogitsOfTheNewText) {
  const MemoryTensorMap map = random_model({.architecture = "qwen3"});
  Runner r = make_runner(map, ActivationMode::f32);
  const auto first = r.run(kTokens, 0, Logits::last);
  std::vector<int32_t> other(kTokens.size(), 8);
  r.run(other, 0, Logits::last);
  EXPECT_EQ(r.run(kTokens, 0, Logits::last), first);
}

TEST(Transformer, Int8ActivationsStayCloseToFloatOnes) {
  const MemoryTensorMap map = random_model({.architecture = "qwen3moe", .n_experts = 7});
  const auto exact = make_runner(map, ActivationMode::f32).run(kTokens, 0, Logits::last);
  for (auto mode : {ActivationMode::int8_per_token, ActivationMode::int8_per_block}) {
    const auto quantized = make_runner(map, mode).run(kTokens, 0, Logits::last);
    double error = 0, norm = 0;
    for (size_t i = 0; i < exact.size(); ++i) {
      error += std::pow(double{quantized[i]} - exact[i], 2);
      norm += double{exact[i]} * exact[i];
    }
    EXPECT_LT(std::sqrt(error / norm), 0.15);
    EXPECT_GT(error, 0.0);
  }
}

TEST(Transformer, FrequencyFactorsOfOneChangeNothingAndOthersDo) {
  MemoryTensorMap map = random_model({.architecture = "llama"});
  const auto plain = make_runner(map, ActivationMode::f32).run(kTokens, 0, Logits::last);
  map.add("rope_freqs.weight", {8}, std::vector<float>(8, 1.0f));
  EXPECT_EQ(make_runner(map, ActivationMode::f32).run(kTokens, 0, Logits::last), plain);
  map.add("rope_freqs.weight", {8}, std::vector<float>(8, 4.0f));
  EXPECT_NE(make_runner(map, ActivationMode::f32).run(kTokens, 0, Logits::last), plain);
}

TEST(Transformer, AScaleTensorMultipliesItsMatrix) {
  MemoryTensorMap map = random_model({.architecture = "bitnet"});
  MemoryTensorMap scaled = map;
  TernaryMatrix doubled = *map.load_ternary("blk.0.attn_q.weight");
  doubled.multiply_scales(2.0f);
  scaled.add("blk.0.attn_q.weight", {64, 48}, doubled);
  map.add("blk.0.attn_q.scale", {1}, std::vector<float>{2.0f});
  EXPECT_EQ(make_runner(map, ActivationMode::f32).run(kTokens, 0, Logits::last),
            make_runner(scaled, ActivationMode::f32).run(kTokens, 0, Logits::last));
}

TEST(Transformer, AGreedyPassReadsTheBestTokenAloneAndLeavesItsLogits) {
  for (const RandomModelOptions& options : models()) {
    const MemoryTensorMap map = random_model(options);
    const auto expected = make_runner(map, ActivationMode::int8_per_token).run(kTokens, 0, Logits::last);
    auto counting = std::make_unique<CountingBackend>(make_reference_backend());
    const CountingBackend& backend = *counting;
    Runner r = make_runner(map, ActivationMode::int8_per_token, std::move(counting));
    int32_t best = -1;
    const Status found = forward_greedy(r.config, r.weights, r.state, *r.backend, kTokens, 0, {&best, 1});
    ASSERT_TRUE(found.ok()) << found.message();
    EXPECT_EQ(best, std::ranges::max_element(expected) - expected.begin()) << options.architecture;
    EXPECT_EQ(backend.downloaded, 4u);
    std::vector<float> logits(expected.size());
    ASSERT_TRUE(download_logits(r.config, r.state, *r.backend, logits).ok());
    EXPECT_EQ(logits, expected) << options.architecture;
  }
}

TEST(Transformer, AGreedyPassFindsTheBestTokenAfterEachOfItsLastTokens) {
  for (const RandomModelOptions& options : models()) {
    const MemoryTensorMap map = random_model(options);
    const auto all = make_runner(map, ActivationMode::int8_per_token).run(kTokens, 0, Logits::all);
    Runner r = make_runner(map, ActivationMode::int8_per_token);
    std::vector<int32_t> best(kTokens.size());
    const Status found = forward_greedy(r.config, r.weights, r.state, *r.backend, kTokens, 0, best);
    ASSERT_TRUE(found.ok()) << found.message();
    const size_t vocab = all.size() / kTokens.size();
    for (size_t t = 0; t < best.size(); ++t) {
      const auto row = std::span(all).subspan(t * vocab, vocab);
      EXPECT_EQ(best[t], std::ranges::max_element(row) - row.begin()) << options.architecture << ", token " << t;
    }
  }
}

class TransformerOn : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Backends, TransformerOn, testing::Values("cpu", "vulkan"),
                         [](const auto& info) { return info.param; });

TEST_P(TransformerOn, EveryOperationOfEveryModelAgreesWithTheReference) {
  for (const RandomModelOptions& options : models())
    for (auto mode : {ActivationMode::int8_per_token, ActivationMode::int8_per_block, ActivationMode::f32}) {
      Result<std::unique_ptr<Backend>> tested =
          make_backend({.backend = GetParam(), .threads = 2, .capture_file = {}, .log = {}});
      if (!tested.ok() && GetParam() == "vulkan") GTEST_SKIP() << "no Vulkan: " << tested.message();
      ASSERT_TRUE(tested.ok()) << tested.message();
      Runner r = make_runner(random_model(options), mode,
                             make_compare_backend(*std::move(tested), make_reference_backend(), {}));
      r.run(kTokens, 0, Logits::all);
      const auto position = static_cast<int64_t>(kTokens.size());
      r.run(std::span(kTokens).first(1), position, Logits::last);
      std::array<int32_t, 2> best{};
      for (const size_t n : {1, 2})
        EXPECT_TRUE(forward_greedy(r.config, r.weights, r.state, *r.backend, std::span(kTokens).first(n), position + 1,
                                   std::span(best).first(n))
                        .ok());
    }
}

TEST_P(TransformerOn, LayersOfDifferentSizesGiveTheReferencesLogits) {
  for (const RandomModelOptions& options : uneven_models()) {
    Result<std::unique_ptr<Backend>> tested =
        make_backend({.backend = GetParam(), .threads = 2, .capture_file = {}, .log = {}});
    if (!tested.ok() && GetParam() == "vulkan") GTEST_SKIP() << "no Vulkan: " << tested.message();
    ASSERT_TRUE(tested.ok()) << tested.message();
    const MemoryTensorMap map = random_model(options);
    const auto expected = make_runner(map, ActivationMode::f32).run(kTokens, 0, Logits::all);
    const auto logits = make_runner(map, ActivationMode::f32, *std::move(tested)).run(kTokens, 0, Logits::all);
    double error = 0, norm = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
      error += std::pow(double{logits[i]} - expected[i], 2);
      norm += double{expected[i]} * expected[i];
    }
    EXPECT_LT(std::sqrt(error / norm), 1e-5) << options.architecture;
  }
}

TEST(Transformer, PlannedMemoryIsAllocatedMemory) {
  for (const char* name : {"reference", "cpu"})
    for (const RandomModelOptions& options : models()) {
      const MemoryTensorMap map = random_model(options);
      CountingBackend backend(*make_backend({.backend = name, .threads = 1, .capture_file = {}, .log = {}}));
      const CheckedModel model = *CheckedModel::check(map);
      const Config& config = model.config();
      const Result<Weights> weights = load_weights(model, backend, {});
      ASSERT_TRUE(weights.ok()) << weights.message();
      const StateOptions state_options = {.capacity = 40, .batch = 8};
      const Result<StateBytes> planned = state_bytes(config, describe_weights(model), state_options);
      ASSERT_TRUE(planned.ok()) << planned.message();
      backend.bytes = 0;
      Result<ForwardState> state = make_state(config, *weights, backend, state_options);
      ASSERT_TRUE(state.ok()) << state.message();
      EXPECT_EQ(backend.bytes, planned->activations + 40 * planned->cache_per_token) << options.architecture;
      // Nothing is allocated later: prompts of any length, and single tokens, find room.
      std::vector<float> logits(8 * static_cast<size_t>(config.vocab_size));
      for (int64_t n : {8, 3, 1})
        ASSERT_TRUE(forward(config, *weights, *state, backend, std::span(kTokens).first(static_cast<size_t>(n)), 0,
                            Logits::all, logits)
                        .ok());
      std::array<int32_t, 8> best{};
      for (const size_t n : {1, 8})
        ASSERT_TRUE(
            forward_greedy(config, *weights, *state, backend, std::span(kTokens).first(8), 0, std::span(best).first(n))
                .ok());
      EXPECT_EQ(backend.bytes, planned->activations + 40 * planned->cache_per_token) << options.architecture;
    }
}

TEST(Transformer, ALayersCacheHasTheSizeOfItsHeads) {
  const RandomModelOptions options = uneven_models().back();
  const MemoryTensorMap map = random_model(options);
  const Runner r = make_runner(map, ActivationMode::f32);
  const auto& of = options.per_layer;
  for (size_t i = 0; i < r.state.caches.size(); ++i) {
    const int64_t heads = of.at("attention.head_count_kv")[i];
    EXPECT_EQ(r.state.caches[i].k.shape, (Shape{64, heads, of.at("attention.key_length")[i]})) << i;
    EXPECT_EQ(r.state.caches[i].v.shape, (Shape{64, heads, of.at("attention.value_length")[i]})) << i;
  }
  // 4 layers of (key_length + value_length) * kv_heads, and the rotation of 8 values.
  const Result<StateBytes> bytes = state_bytes(r.config, r.weights, {.capacity = 64});
  ASSERT_TRUE(bytes.ok()) << bytes.message();
  const uint64_t values = 48 * 1 + 24 * 4 + 40 * 2 + 48 * 2, rotation = 4 * 8;
  EXPECT_EQ(bytes->cache_per_token, 2 * values + rotation);
  // Codes, and a scale for each head of the keys and of the values.
  const uint64_t scales = 2 * 4 * (1 + 4 + 2 + 2);
  EXPECT_EQ(state_bytes(r.config, r.weights, {.capacity = 64, .cache = DType::i8})->cache_per_token,
            values + scales + rotation);
  EXPECT_EQ(state_bytes(r.config, r.weights, {.capacity = 64, .cache = DType::f32})->cache_per_token,
            4 * values + rotation);
}

// What describes a model plans its memory without opening a device.
TEST(Transformer, MemoryIsPlannedForTheBatchThatABackendChooses) {
  for (const char* name : {"reference", "cpu", "vulkan"}) {
    const auto backend = make_backend({.backend = name, .threads = 1, .capture_file = {}, .log = {}});
    if (!backend.ok()) continue;  // Vulkan may not be there
    EXPECT_EQ((*backend)->prompt_batch(), prompt_batch_of(name)) << name;
  }
}

// One pass may serve a token of each of several sequences that share the caches' memory.
TEST(Transformer, TokensOfTwoSequencesInOnePassGiveTheLogitsOfEach) {
  for (const RandomModelOptions& options : models()) {
    const MemoryTensorMap map = random_model(options);
    const auto vocab = static_cast<size_t>(options.vocab_size);
    const std::vector<int32_t> other = {60, 2, 8};
    const auto first = make_runner(map, ActivationMode::int8_per_token).run(kTokens, 0, Logits::last);
    const auto second = make_runner(map, ActivationMode::int8_per_token).run(other, 0, Logits::last);

    Runner r = make_runner(map, ActivationMode::int8_per_token);
    const auto run = [&](const std::vector<int32_t>& tokens, const std::vector<int32_t>& rows, int64_t n_logits) {
      const auto n = static_cast<int64_t>(tokens.size());
      const auto pass = r.state.workspace->record([&](Ops& recorded) {
        record_pass(recorded, r.config, r.weights, r.state, {n, n_logits, r.config.n_layers()});
      });
      EXPECT_TRUE(pass.ok()) << pass.message();
      std::vector<int32_t> wanted;
      for (int64_t i = n - n_logits; i < n; ++i) wanted.push_back(static_cast<int32_t>(i));
      Ops ops(*r.backend);
      ops.upload(r.state.tensors.tokens, std::as_bytes(std::span(tokens)));
      ops.upload(r.state.tensors.rows, std::as_bytes(std::span(rows)));
      ops.upload(r.state.tensors.wanted, std::as_bytes(std::span(wanted)));
      EXPECT_TRUE((*pass)->run().ok());
      std::vector<float> logits(static_cast<size_t>(n_logits) * vocab);
      ops.download(r.state.tensors.logits.view({n_logits, options.vocab_size}),
                   std::as_writable_bytes(std::span(logits)));
      EXPECT_TRUE(ops.finish().ok());
      return logits;
    };
    // All but the last tokens of both, the second sequence from row 32 of the caches on; then the last ones together.
    std::vector<int32_t> tokens(kTokens.begin(), kTokens.end() - 1), rows;
    for (int32_t t = 0; t < std::ssize(tokens); ++t) rows.insert(rows.end(), {t, 0});
    tokens.insert(tokens.end(), {other[0], other[1]});
    rows.insert(rows.end(), {0, 32, 1, 32});
    run(tokens, rows, 1);
    const auto both = run({kTokens.back(), other.back()}, {static_cast<int32_t>(kTokens.size()) - 1, 0, 2, 32}, 2);
    EXPECT_TRUE(std::ranges::equal(std::span(both).first(vocab), first)) << options.architecture;
    EXPECT_TRUE(std::ranges::equal(std::span(both).last(vocab), second)) << options.architecture;
  }
}

// Each projection's own norm takes the size out of what it reads: that of the layer's norm, and of the values that are
// mixed, no longer matters.
TEST(InputNorms, TakeTheSizeOutOfWhatProjectionsRead) {
  for (bool input_norms : {true, false}) {
    const MemoryTensorMap map = random_model({.architecture = "qwen3", .input_norms = input_norms});
    MemoryTensorMap larger = map;
    for (const char* name : {"blk.1.attn_norm.weight", "blk.2.ffn_norm.weight"}) {
      std::vector<float> weight = *map.load_f32(name);
      for (float& w : weight) w *= 8.0f;
      larger.add(name, {static_cast<int64_t>(weight.size())}, weight);
    }
    const std::vector<float> expected = make_runner(map, ActivationMode::f32).run(kTokens, 0, Logits::last);
    const std::vector<float> result = make_runner(larger, ActivationMode::f32).run(kTokens, 0, Logits::last);
    double largest = 0;
    for (size_t i = 0; i < result.size(); ++i) largest = std::max(largest, std::abs(double{result[i]} - expected[i]));
    EXPECT_EQ(largest < 1e-4, input_norms) << largest;
    EXPECT_EQ(largest > 1e-1, !input_norms) << largest;
  }
}

TEST(InputNorms, AModelWithThemRunsAlikeOnEveryBackend) {
  const MemoryTensorMap map = random_model({.architecture = "qwen3", .input_norms = true});
  const auto backend = [](const char* name) {
    return *make_backend({.backend = name, .threads = 2, .capture_file = {}, .log = {}});
  };
  const std::vector<float> expected = make_runner(map, ActivationMode::int8_per_token).run(kTokens, 0, Logits::all);
  const std::vector<float> result =
      make_runner(map, ActivationMode::int8_per_token, backend("cpu")).run(kTokens, 0, Logits::all);
  for (size_t i = 0; i < result.size(); ++i) ASSERT_NEAR(result[i], expected[i], 1e-2) << i;
}

TEST(ForwardHidden, TimesTheHeadIsTheLogits) {
  const MemoryTensorMap map = random_model({.architecture = "qwen3"});
  Runner r = make_runner(map, ActivationMode::f32, make_reference_backend(), 5);
  const std::vector<float> logits = r.run(std::span(kTokens).first(5), 0, Logits::all);
  std::vector<float> hidden(5 * static_cast<size_t>(r.config.dim));
  const Status status =
      forward_hidden(r.config, r.weights, r.state, *r.backend, std::span(kTokens).first(5), 0, Logits::all, hidden);
  ASSERT_TRUE(status.ok()) << status.message();
  const std::vector<float> head = *map.load_f32("output.weight");
  const auto dim = static_cast<size_t>(r.config.dim), vocab = static_cast<size_t>(r.config.vocab_size);
  for (size_t t = 0; t < 5; ++t)
    for (size_t v = 0; v < vocab; ++v) {
      double expected = 0;
      for (size_t d = 0; d < dim; ++d) expected += double{hidden[t * dim + d]} * head[v * dim + d];
      ASSERT_NEAR(logits[t * vocab + v], expected, 1e-4);
    }
}

}  // namespace
}  // namespace tritium
