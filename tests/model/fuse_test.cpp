// Fused operations in whole models: what they do is what the simple ones do, to the bit, and they are fewer.
#include "ops/fuse.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "backends.h"
#include "base/environment.h"
#include "cpu_ref/reference_backend.h"
#include "model/transformer.h"
#include "tests/support/random_model.h"

namespace tritium {
namespace {

// The reference, with programs rewritten, or not.
class Fusing final : public Each<Fusing, ForwardingBackend, AllOps> {
 public:
  explicit Fusing(const FusionLimits& limits) : Each(make_reference_backend()), limits_(limits) {}
  void rewrite(Program& program) const override { saved += fuse(program, limits_); }
  template <typename Op>
  Status each(const Op& op) {
    ++calls;
    return inner().run(op);
  }

  mutable int64_t saved = 0;
  int64_t calls = 0;

 private:
  FusionLimits limits_;
};

struct Decoded {
  std::vector<float> logits;  // of all tokens
  int64_t saved = 0;          // operations of a token's program
  int64_t calls = 0;          // of a token
};

// Token by token, so that all but the first repeat a recorded program.
Decoded decode(const RandomModelOptions& options, ActivationMode mode, const FusionLimits& limits) {
  Fusing backend(limits);
  const MemoryTensorMap map = random_model(options);
  const CheckedModel model = *CheckedModel::check(map);
  const Weights weights = *load_weights(model, backend, {});
  ForwardState state = *make_state(model.config(), weights, backend, {.capacity = 16, .batch = 4, .activations = mode});
  Decoded decoded;
  const std::vector<int32_t> tokens = {1, 5, 9, 96, 0, 33, 33, 7};
  std::vector<float> logits(static_cast<size_t>(options.vocab_size));
  for (size_t t = 0; t < tokens.size(); ++t) {
    const int64_t before = backend.calls;
    const Status status = forward(model.config(), weights, state, backend, std::span(tokens).subspan(t, 1),
                                  static_cast<int64_t>(t), Logits::last, logits);
    EXPECT_TRUE(status.ok()) << status.message();
    decoded.calls = backend.calls - before;
    decoded.logits.insert(decoded.logits.end(), logits.begin(), logits.end());
  }
  decoded.saved = backend.saved;
  return decoded;
}

const FusionLimits kNone = {.tensors = 0};

std::vector<RandomModelOptions> models() {
  return {{.architecture = "llama"},
          {.architecture = "llama", .n_kv_heads = 4, .n_experts = 5, .n_experts_used = 3},
          {.architecture = "bitnet", .dim = 64, .tied_head = true},
          {.architecture = "bitnet-b1.58"},
          {.architecture = "qwen3", .n_kv_heads = 1},
          {.architecture = "qwen3", .ternary = false},
          {.architecture = "qwen3", .input_norms = true},
          {.architecture = "qwen3moe", .n_experts = 7},
          {.architecture = "hunyuan-dense"},
          {.architecture = "olmoe", .n_kv_heads = 4, .n_experts = 3, .n_experts_used = 3},
          {.architecture = "maple", .n_layers = 5, .rope_dims = 8, .n_experts = 9, .n_experts_used = 4}};
}

// Attention's splits are rounded on their way to who merges them: without them there is no difference.
const FusionLimits kWholeAttention = {.attention_bytes = 0};

TEST(Fuse, FusedOperationsGiveTheLogitsOfTheSimpleOnesToTheBit) {
  for (const RandomModelOptions& options : models())
    for (const auto mode : {ActivationMode::int8_per_token, ActivationMode::int8_per_block, ActivationMode::f32}) {
      const Decoded simple = decode(options, mode, kNone), fused = decode(options, mode, kWholeAttention);
      EXPECT_EQ(simple.saved, 0);
      EXPECT_EQ(fused.logits, simple.logits) << options.architecture;
      EXPECT_EQ(fused.calls, simple.calls - fused.saved) << options.architecture;
    }
}

// A value that is off by its last bit may be rounded to the next of 127 codes, in each layer.
TEST(Fuse, AttentionInSplitsGivesTheSameLogitsButForRounding) {
  for (const RandomModelOptions& options : models())
    for (const auto mode : {ActivationMode::int8_per_token, ActivationMode::f32}) {
      const Decoded simple = decode(options, mode, kNone), fused = decode(options, mode, {});
      EXPECT_LT(fused.calls, simple.calls) << options.architecture;
      double largest = 0, error = 0;
      for (size_t i = 0; i < simple.logits.size(); ++i) {
        largest = std::max(largest, std::abs(double{simple.logits[i]}));
        error = std::max(error, std::abs(double{simple.logits[i]} - fused.logits[i]));
      }
      EXPECT_LT(error, (mode == ActivationMode::f32 ? 1e-4 : 0.02) * largest) << options.architecture;
    }
}

// norm_qkv for q, k, v: 5 operations less 1, with the sum before them; two rotations, cache, attention, codes, product
// in attention_step and merge_output; norm_qkv for gate and up: 5 less 1; expert_down: 3 less 1.
TEST(Fuse, ADenseLayerIsFiveOperations) {
  const RandomModelOptions options = {.architecture = "llama", .n_layers = 3};
  const Decoded fused = decode(options, ActivationMode::int8_per_token, {});
  // The first norm has no sum before it; the head, of trits, has its sum, its norm and its codes.
  EXPECT_EQ(fused.saved, 3 * (5 + 4 + 4 + 2) - 1 + 3);
}

// As above, with norms of q and k; norm_router: add, norm, codes, product less 1; expert_gate_up: route and two
// products less 1; expert_down: activation, codes, product, sum less 1.
TEST(Fuse, ALayerOfExpertsIsSixOperations) {
  const RandomModelOptions options = {.architecture = "qwen3moe", .n_layers = 2, .n_experts = 7};
  const Decoded fused = decode(options, ActivationMode::int8_per_token, {});
  EXPECT_EQ(fused.saved, 2 * (5 + 6 + 3 + 2 + 3) - 1 + 3);
}

TEST(Fuse, NothingIsFusedThatADeviceCannotBind) {
  const RandomModelOptions options = {.architecture = "llama"};
  EXPECT_EQ(decode(options, ActivationMode::int8_per_token, {.tensors = 6}).saved, 0);
  EXPECT_EQ(decode(options, ActivationMode::int8_per_token, {.tensor_bytes = 16}).saved, 0);
}

// Sums, norms and codes: 2 operations fewer for each norm. The first one has no sum.
TEST(Fuse, NormsAreFusedWhereNoProductTakesThemAlong) {
  const FusionLimits no_products = {.cols = 32, .attention_bytes = 0};
  EXPECT_EQ(decode({.architecture = "llama", .n_layers = 3}, ActivationMode::int8_per_token, no_products).saved,
            3 * (2 + 2) - 1 + 2);
  EXPECT_EQ(decode({.architecture = "llama", .n_layers = 3}, ActivationMode::f32, no_products).saved, 3 * 2 - 1 + 1);
}

// ---- on Vulkan, whose kernels do more than one thing each

struct Text {
  int64_t tokens = 8, capacity = 16;
};

// All logits of a text that is read token by token; of the first half at once where that is asked for.
std::vector<float> logits_on_vulkan(const RandomModelOptions& options, const Text& text, bool fused,
                                    bool half_at_once) {
  set_environment("TRITIUM_VULKAN_FUSION", fused ? "1" : "0");
  std::vector<float> all;
  const Result<std::unique_ptr<Backend>> backend = make_backend({.backend = "vulkan", .capture_file = {}, .log = {}});
  if (!backend.ok()) return all;
  const MemoryTensorMap map = random_model(options);
  const CheckedModel model = *CheckedModel::check(map);
  const Weights weights = *load_weights(model, **backend, {});
  ForwardState state =
      *make_state(model.config(), weights, **backend, {.capacity = text.capacity, .batch = text.tokens});
  std::vector<int32_t> tokens;
  for (int64_t t = 0; t < text.tokens; ++t)
    tokens.push_back(static_cast<int32_t>((7 * t * t + 3 * t + 1) % options.vocab_size));
  const int64_t first = half_at_once ? text.tokens / 2 : 1;
  std::vector<float> logits(static_cast<size_t>(options.vocab_size));
  for (int64_t t = 0; t < text.tokens;) {
    const int64_t n = t == 0 ? first : 1;
    const Status status =
        forward(model.config(), weights, state, **backend,
                std::span(tokens).subspan(static_cast<size_t>(t), static_cast<size_t>(n)), t, Logits::last, logits);
    EXPECT_TRUE(status.ok()) << status.message();
    t += n;
    if (t > text.tokens / 2) all.insert(all.end(), logits.begin(), logits.end());
  }
  set_environment("TRITIUM_VULKAN_FUSION", std::nullopt);
  return all;
}

TEST(FuseOnVulkan, FusedKernelsGiveTheBitsOfTheSimpleOnes) {
  for (const RandomModelOptions& options : models()) {
    const std::vector<float> simple = logits_on_vulkan(options, {}, false, false);
    if (simple.empty()) GTEST_SKIP() << "no Vulkan";
    EXPECT_EQ(logits_on_vulkan(options, {}, true, false), simple) << options.architecture;
  }
}

// Beyond 128 keys there are several splits, which other workgroups compute than those of a prompt.
TEST(FuseOnVulkan, ALongTextIsTheSameAtOnceAndTokenByTokenFusedAndNot) {
  const Text text = {.tokens = 300, .capacity = 320};
  const RandomModelOptions options = {
      .architecture = "maple", .n_layers = 2, .rope_dims = 8, .n_experts = 4, .context_length = 512, .window = 200};
  const std::vector<float> simple = logits_on_vulkan(options, text, false, false);
  if (simple.empty()) GTEST_SKIP() << "no Vulkan";
  EXPECT_EQ(logits_on_vulkan(options, text, true, false), simple);
  EXPECT_EQ(logits_on_vulkan(options, text, true, true), simple);
}

}  // namespace
}  // namespace tritium
