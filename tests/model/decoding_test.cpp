// Tokens that follow each other without the host, and the few logits that a sampler needs: they are those of passes one
// by one. On the reference, pretending that it works behind the caller's back, and on Vulkan.
#include "model/decoding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <numeric>

#include "backends.h"
#include "cpu_ref/reference_backend.h"
#include "model/transformer.h"
#include "tests/support/random_model.h"

namespace tritium {
namespace {

constexpr int64_t kContext = 24;

class Ahead final : public Each<Ahead, ForwardingBackend, AllOps> {
 public:
  using Each::Each;
  template <typename Op>
  Status each(const Op& op) {
    return inner().run(op);
  }
  int64_t passes_under_way() const override { return 3; }
};

std::unique_ptr<Backend> backend_named(const std::string& name) {
  if (name == "reference") return std::make_unique<Ahead>(make_reference_backend());
  Result<std::unique_ptr<Backend>> made = make_backend({.backend = name, .capture_file = {}, .log = {}});
  return made.ok() ? *std::move(made) : nullptr;
}

class Decoding : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    backend_ = backend_named(GetParam());
    if (!backend_) GTEST_SKIP() << "no Vulkan";
    weights_.emplace(*load_weights(model_, *backend_, {}));
    state_.emplace(new_state());
  }
  ForwardState new_state() { return *make_state(config(), *weights_, *backend_, {.capacity = kContext, .batch = 4}); }
  const Config& config() const { return model_.config(); }
  Result<int32_t> chained(TokenChain& chain, int32_t token, int64_t position, int64_t wanted) {
    return chain.after(config(), *weights_, *state_, *backend_, token, position, wanted);
  }
  // Passes one by one, on a state of their own.
  std::vector<int32_t> one_by_one(int32_t token, int64_t n) {
    ForwardState state = new_state();
    std::vector<int32_t> tokens;
    for (int64_t at = 0; at < n; ++at) {
      int32_t best = -1;
      EXPECT_TRUE(forward_greedy(config(), *weights_, state, *backend_, {&token, 1}, at, {&best, 1}).ok());
      tokens.push_back(token = best);
    }
    return tokens;
  }

  MemoryTensorMap map_ = random_model({});
  CheckedModel model_ = *CheckedModel::check(map_);
  std::unique_ptr<Backend> backend_;
  std::optional<Weights> weights_;
  std::optional<ForwardState> state_;
};
INSTANTIATE_TEST_SUITE_P(Backends, Decoding, testing::Values("reference", "vulkan"),
                         [](const auto& info) { return info.param; });

TEST_P(Decoding, AChainGivesTheTokensOfPassesOneByOne) {
  const std::vector<int32_t> expected = one_by_one(5, kContext);
  TokenChain chain;
  int32_t token = 5;
  for (int64_t at = 0; at < kContext; ++at) {
    const Result<int32_t> next = chained(chain, token, at, 1000);
    ASSERT_TRUE(next.ok()) << next.message();
    EXPECT_EQ(token = *next, expected[static_cast<size_t>(at)]) << at;
    EXPECT_EQ(chain.is_ahead(), at + 1 < kContext) << "it goes ahead, and not beyond the context";
  }
}

TEST_P(Decoding, AChainThatIsGivenAnotherTokenBeginsAnew) {
  TokenChain chain;
  const int32_t first = *chained(chain, 5, 0, 10), other = first == 7 ? 8 : 7;
  const Result<int32_t> after_other = chained(chain, other, 1, 10);
  ASSERT_TRUE(after_other.ok());
  ForwardState state = new_state();
  int32_t best = -1;
  for (const auto& [token, at] : {std::pair{5, 0}, {other, 1}})
    ASSERT_TRUE(forward_greedy(config(), *weights_, state, *backend_, {&token, 1}, at, {&best, 1}).ok());
  EXPECT_EQ(*after_other, best);
}

TEST_P(Decoding, AChainSendsNoMorePassesThanTokensAreWanted) {
  TokenChain chain;
  const int32_t first = *chained(chain, 5, 0, 2);
  EXPECT_TRUE(chain.is_ahead());
  EXPECT_TRUE(chained(chain, first, 1, 1).ok());
  EXPECT_FALSE(chain.is_ahead());
}

TEST_P(Decoding, TheLogitsOfTheLastPassStayWhereThoseOfAnyOtherAre) {
  TokenChain chain;
  ASSERT_TRUE(chained(chain, 5, 0, 1).ok());
  std::vector<float> left(static_cast<size_t>(config().vocab_size)), logits = left;
  ASSERT_TRUE(download_logits(config(), *state_, *backend_, left).ok());
  ForwardState state = new_state();
  const int32_t token = 5;
  ASSERT_TRUE(forward(config(), *weights_, state, *backend_, {&token, 1}, 0, Logits::last, logits).ok());
  EXPECT_EQ(left, logits);
}

TEST_P(Decoding, CandidatesAreTheLargestLogits) {
  const int32_t token = 9;
  std::vector<float> logits(static_cast<size_t>(config().vocab_size));
  ASSERT_TRUE(forward(config(), *weights_, *state_, *backend_, {&token, 1}, 0, Logits::last, logits).ok());
  std::vector<int32_t> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  std::ranges::stable_sort(ids, std::ranges::greater(), [&](int32_t id) { return logits[static_cast<size_t>(id)]; });
  for (const int64_t k : {1, 40, 64}) {
    std::vector<int32_t> candidates(2 * static_cast<size_t>(k));
    ASSERT_TRUE(forward_candidates(config(), *weights_, *state_, *backend_, token, 0, k, candidates).ok());
    for (size_t i = 0; i < static_cast<size_t>(k); ++i) {
      EXPECT_EQ(candidates[i], ids[i]);
      EXPECT_EQ(std::bit_cast<float>(candidates[i + static_cast<size_t>(k)]), logits[static_cast<size_t>(ids[i])]);
    }
  }
}

}  // namespace
}  // namespace tritium
