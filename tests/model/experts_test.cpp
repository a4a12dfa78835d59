// Which experts a pass tells: those that follow from its routers' logits, on every backend, for one token, a prompt,
// and tokens of several sequences.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "backends.h"
#include "cpu_ref/reference_backend.h"
#include "model/decoding.h"
#include "model/transformer.h"
#include "tests/support/counting_backend.h"
#include "tests/support/random_model.h"

namespace tritium {
namespace {

using Ids = std::vector<int32_t>;

const Ids kTokens = {1, 5, 9, 96, 0, 33, 33, 7, 2, 64, 11, 12, 80, 4, 4, 90, 3};

std::vector<RandomModelOptions> mixtures() {
  return {{.architecture = "llama", .n_kv_heads = 4, .n_experts = 5, .n_experts_used = 3},
          {.architecture = "qwen3moe", .n_experts = 7},
          {.architecture = "maple", .n_layers = 5, .rope_dims = 8, .n_experts = 9, .n_experts_used = 4}};
}

// The logits of every router that ran, in order.
class SeesRouters final : public Each<SeesRouters, ForwardingBackend, AllOps> {
 public:
  using Each::Each;
  template <typename Op>
  Status each(const Op& op) {
    if constexpr (std::is_same_v<Op, RouteTokens>) {
      std::vector<float>& logits = seen.emplace_back(static_cast<size_t>(op.logits.elements()));
      if (Status s = inner().download(op.logits, std::as_writable_bytes(std::span(logits))); !s.ok()) return s;
    }
    return inner().run(op);
  }
  void rewrite(Program&) const override {}  // so that routers run by themselves
  std::vector<std::vector<float>> seen;
};

class Experts : public testing::TestWithParam<std::string> {
 protected:
  // On the backend, or on one around it.
  struct Runner {
    std::unique_ptr<Backend> backend;
    Config config;
    Weights weights;
    ForwardState state;
    size_t of_token() const { return static_cast<size_t>(config.n_choices()); }
    // Of the last `rows` tokens.
    Ids run(std::span<const int32_t> tokens, TokenPosition at, Logits wanted, size_t rows) {
      const size_t n_logits = wanted == Logits::all ? tokens.size() : wanted == Logits::last ? 1 : 0;
      std::vector<float> logits(n_logits * static_cast<size_t>(config.vocab_size));
      Ids experts(rows * of_token(), -1);
      const Status status = forward(config, weights, state, *backend, tokens, at, wanted, logits, experts);
      EXPECT_TRUE(status.ok()) << status.message();
      return experts;
    }
  };

  static Result<std::unique_ptr<Backend>> backend() {
    return make_backend({.backend = GetParam(), .threads = 2, .capture_file = {}, .log = {}});
  }
  void SetUp() override {
    if (!backend().ok()) GTEST_SKIP() << "no " << GetParam();
  }
  static Runner runner(const RandomModelOptions& options, std::unique_ptr<Backend> on = *backend(),
                       int64_t sequences = 1) {
    const MemoryTensorMap map = random_model(options);
    const CheckedModel model = *CheckedModel::check(map);
    Runner r = {.backend = std::move(on), .config = model.config(), .weights = {}, .state = {}};
    r.weights = *load_weights(model, *r.backend, {});
    r.state = *make_state(r.config, r.weights, *r.backend,
                          {.capacity = 64, .sequences = sequences, .batch = 32, .cache = DType::f32});
    return r;
  }
  // The definition (ops/route_tokens.h): the largest logits, the lowest index first among equals.
  static Ids largest(std::span<const float> logits, size_t k) {
    Ids ids(logits.size());
    std::iota(ids.begin(), ids.end(), 0);
    std::ranges::stable_sort(ids, std::ranges::greater(), [&](int32_t id) { return logits[static_cast<size_t>(id)]; });
    ids.resize(k);
    return ids;
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, Experts, testing::Values("reference", "cpu", "vulkan"),
                         [](const auto& info) { return info.param; });

TEST_P(Experts, AreThoseOfTheLargestLogitsOfEachRouter) {
  for (const RandomModelOptions& options : mixtures()) {
    auto around = std::make_unique<SeesRouters>(*backend());
    const SeesRouters& sees = *around;
    Runner r = runner(options, std::move(around));
    const Ids told = r.run(kTokens, 0, Logits::all, kTokens.size());
    ASSERT_EQ(sees.seen.size(), r.config.order.size());
    const auto n = static_cast<size_t>(options.n_experts), k = static_cast<size_t>(options.n_experts_used);
    for (size_t t = 0; t < kTokens.size(); ++t)
      for (size_t step = 0; step < sees.seen.size(); ++step) {
        const auto first = told.begin() + static_cast<std::ptrdiff_t>(t * r.of_token() + step * k);
        EXPECT_EQ(Ids(first, first + static_cast<std::ptrdiff_t>(k)),
                  largest(std::span(sees.seen[step]).subspan(t * n, n), k))
            << options.architecture << ", token " << t << ", step " << step;
      }
  }
}

TEST_P(Experts, AreTheSameOnEveryBackend) {
  for (const RandomModelOptions& options : mixtures())
    EXPECT_EQ(runner(options).run(kTokens, 0, Logits::none, kTokens.size()),
              runner(options, make_reference_backend()).run(kTokens, 0, Logits::none, kTokens.size()))
        << options.architecture;
}

// With the passes that a device has for one token, and their fused operations.
TEST_P(Experts, OfTokensOneByOneAreThoseOfAPrompt) {
  for (const RandomModelOptions& options : mixtures()) {
    const Ids at_once = runner(options).run(kTokens, 0, Logits::last, kTokens.size());
    Runner r = runner(options);
    Ids one_by_one;
    for (size_t t = 0; t < kTokens.size(); ++t) {
      const auto token = std::span(kTokens).subspan(t, 1);
      const auto at = static_cast<int64_t>(t);
      Ids experts(r.of_token(), -1);
      if (t % 3 == 0) {
        experts = r.run(token, at, Logits::last, 1);
      } else if (t % 3 == 1) {
        int32_t best = -1;
        ASSERT_TRUE(forward_greedy(r.config, r.weights, r.state, *r.backend, token, at, {&best, 1}, experts).ok());
      } else {
        Ids candidates(2 * 8);
        ASSERT_TRUE(
            forward_candidates(r.config, r.weights, r.state, *r.backend, token.front(), at, 8, candidates, experts)
                .ok());
      }
      one_by_one.insert(one_by_one.end(), experts.begin(), experts.end());
    }
    EXPECT_EQ(one_by_one, at_once) << options.architecture;
  }
}

TEST_P(Experts, OfTheLastTokensAreTheEndOfThoseOfAll) {
  const RandomModelOptions options = mixtures().back();
  const Ids all = runner(options).run(kTokens, 0, Logits::none, kTokens.size());
  for (const size_t rows : {1, 4}) {
    Runner r = runner(options);
    r.state.logit_rows = 3;  // all logits take several passes
    for (const Logits wanted : {Logits::last, Logits::all}) {
      const Ids told = r.run(kTokens, 0, wanted, rows);
      EXPECT_TRUE(std::ranges::equal(told, std::span(all).last(told.size()))) << rows;
    }
  }
}

TEST_P(Experts, OfSequencesTogetherAreThoseOfEachAlone) {
  const RandomModelOptions options = mixtures().back();
  Runner shared = runner(options, *backend(), 3);
  Ids alone, tokens;
  std::vector<TokenPosition> at;
  for (int64_t s = 0; s < 3; ++s) {
    const auto prompt = std::span(kTokens).first(static_cast<size_t>(3 + 2 * s));
    const int32_t next = 40 + static_cast<int32_t>(s);
    shared.run(prompt, {0, s}, Logits::none, 0);
    Runner lone = runner(options);
    lone.run(prompt, 0, Logits::none, 0);
    const Ids one = lone.run({&next, 1}, std::ssize(prompt), Logits::last, 1);
    alone.insert(alone.end(), one.begin(), one.end());
    tokens.push_back(next);
    at.emplace_back(std::ssize(prompt), s);
  }
  for (const int64_t rows_at_once : {3, 2}) {
    shared.state.logit_rows = rows_at_once;
    std::vector<float> logits(3 * static_cast<size_t>(shared.config.vocab_size));
    Ids together(alone.size(), -1);
    ASSERT_TRUE(
        forward_together(shared.config, shared.weights, shared.state, *shared.backend, tokens, at, logits, together)
            .ok());
    EXPECT_EQ(together, alone) << rows_at_once;
  }
}

// No operation more than in the pass that does not tell, and memory for what is told alone.
TEST(ExpertsOfPasses, CostTheirOwnMemory) {
  for (const RandomModelOptions& options : mixtures()) {
    const MemoryTensorMap map = random_model(options);
    const CheckedModel model = *CheckedModel::check(map);
    const Config& config = model.config();
    CountingBackend backend(make_reference_backend());
    const Weights weights = *load_weights(model, backend, {});
    ForwardState state = *make_state(config, weights, backend, {.capacity = 40, .batch = 8});
    std::vector<float> logits(static_cast<size_t>(config.vocab_size));
    const auto run = [&](std::span<int32_t> experts) {
      for (const size_t n : {8, 1})
        ASSERT_TRUE(
            forward(config, weights, state, backend, std::span(kTokens).first(n), 0, Logits::last, logits, experts)
                .ok());
    };
    run({});
    EXPECT_TRUE(state.experts.empty());
    const auto steps = [&](size_t pass) { return state.passes[pass].recording->program().steps().size(); };
    const size_t silent = steps(0);
    const uint64_t before = backend.bytes;
    Ids experts(static_cast<size_t>(config.n_choices()));
    run(experts);
    EXPECT_EQ(state.passes.size(), 4u);
    EXPECT_EQ(steps(0), silent) << options.architecture;
    EXPECT_EQ(backend.bytes - before, sizeof(int32_t) * 8 * static_cast<uint64_t>(config.n_choices()))
        << options.architecture;
    run({});
    EXPECT_EQ(state.passes.size(), 4u) << "those that do not tell are still there";
  }
}

}  // namespace
}  // namespace tritium
