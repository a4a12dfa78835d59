// GenerateOptions::experts: which experts computed a token depends on the text before it alone, however it is
// evaluated.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/support/made_model.h"
#include "tritium/tritium.hpp"

namespace tritium {
namespace {

using Ids = std::vector<int32_t>;

// A token, and what it was told with.
struct Told {
  int32_t id = 0;
  Ids experts;
  bool operator==(const Told&) const = default;
};
Told told(const GeneratedToken& token) { return {token.id, {token.experts.begin(), token.experts.end()}}; }

const Ids kPrompt = {1, 9, 77, 12, 200, 9, 77, 12};

GenerateOptions telling(float temperature = 0, int64_t n = 12) {
  return {.max_tokens = n, .sampler = {.temperature = temperature, .seed = 3}, .stop_at_end = false, .experts = true};
}

std::vector<Told> generate(Session& session, std::span<const int32_t> prompt, const GenerateOptions& options) {
  std::vector<Told> all;
  const Result<Generation> g = session.generate(prompt, options, [&](const GeneratedToken& token) {
    all.push_back(told(token));
    return true;
  });
  EXPECT_TRUE(g.ok()) << g.message();
  return all;
}

class GeneratedExperts : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!Runtime::create({.backend = GetParam()}).ok()) GTEST_SKIP() << "no " << GetParam();
  }
  static Model load(const std::string& backend = GetParam()) {
    return *Runtime::create({.backend = backend, .threads = 2})->load(model_file("maple"));
  }
  static Session session(const Model& model) { return *model.create_session(kSession); }
  static std::vector<Told> expected(float temperature = 0) {
    const Model model = load();
    Session one = session(model);
    return generate(one, kPrompt, telling(temperature));
  }
  inline static const SessionOptions kSession = {.context = 64, .kv = KvCacheType::f32};
};
INSTANTIATE_TEST_SUITE_P(Backends, GeneratedExperts, testing::Values("reference", "cpu", "vulkan"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(GeneratedExperts, AreDifferentOnesOfEachLayerAndTheTokensAreThoseWithout) {
  for (const float temperature : {0.0f, 1.2f}) {
    const Model model = load();
    const auto used = static_cast<size_t>(model.info().n_experts_used);
    const std::vector<Told> with = expected(temperature);
    ASSERT_EQ(with.size(), 12u);
    std::set<Ids> all;
    for (const Told& one : with) {
      ASSERT_EQ(one.experts.size(), static_cast<size_t>(model.info().n_layers) * used);
      for (size_t layer = 0; layer < one.experts.size(); layer += used) {
        const auto first = one.experts.begin() + static_cast<std::ptrdiff_t>(layer);
        const std::set<int32_t> ids(first, first + static_cast<std::ptrdiff_t>(used));
        EXPECT_EQ(ids.size(), used);
        EXPECT_TRUE(*ids.begin() >= 0 && *ids.rbegin() < model.info().n_experts);
      }
      all.insert(one.experts);
    }
    EXPECT_GT(all.size(), 3u) << "they change from token to token";
    GenerateOptions without = telling(temperature);
    without.experts = false;
    Session plain = session(model);
    const std::vector<Told> silent = generate(plain, kPrompt, without);
    for (size_t i = 0; i < silent.size(); ++i) {
      EXPECT_EQ(silent[i].id, with[i].id);
      EXPECT_TRUE(silent[i].experts.empty());
    }
  }
}

TEST_P(GeneratedExperts, AreThoseOfTheReference) {
  const Model model = load("reference");
  Session one = session(model);
  EXPECT_EQ(generate(one, kPrompt, telling()), expected());
}

TEST_P(GeneratedExperts, DoNotDependOnHowThePromptWasEvaluated) {
  const Model model = load();
  const std::vector<Told> whole = expected();
  Session pieces = session(model);
  for (const size_t at : {0, 3}) ASSERT_TRUE(pieces.evaluate(std::span(kPrompt).subspan(at, at == 0 ? 3 : 4)).ok());
  EXPECT_EQ(generate(pieces, std::span(kPrompt).last(1), telling()), whole);
  Session goes_on = session(model);
  ASSERT_TRUE(goes_on.evaluate(kPrompt).ok());
  Session forked = *goes_on.fork();
  EXPECT_EQ(generate(goes_on, {}, telling()), whole) << "of a token that is evaluated already";
  ASSERT_TRUE(model.park().ok());
  EXPECT_EQ(generate(forked, {}, telling()), whole) << "of a model that comes back";
  Session small_batch = *model.create_session({.context = 64, .kv = KvCacheType::f32, .batch = 3});
  EXPECT_EQ(generate(small_batch, kPrompt, telling()), whole);
}

TEST_P(GeneratedExperts, AreThoseWithoutGuesses) {
  int64_t accepted = 0;
  for (const float temperature : {0.0f, 0.05f}) {
    const Model model = load();
    Session with = session(model), without = session(model);
    Ids repeating;
    for (int i = 0; i < 30; ++i) repeating.push_back(3 + i % 6 * 7);
    GenerateOptions options = telling(temperature, 24);
    const std::vector<Told> plain = generate(without, repeating, options);
    options.guess = 5;
    std::vector<Told> guessed;
    const Result<Generation> g = with.generate(repeating, options, [&](const GeneratedToken& token) {
      guessed.push_back(told(token));
      return true;
    });
    ASSERT_TRUE(g.ok()) << g.message();
    accepted += g->accepted;
    EXPECT_EQ(guessed, plain) << temperature;
  }
  EXPECT_GT(accepted, 0);
}

TEST_P(GeneratedExperts, OfEachSessionAmongOthersAreThoseThatItHasAlone) {
  const Model model = load();
  Result<std::vector<Session>> sessions = model.create_sessions(3, kSession);
  ASSERT_TRUE(sessions.ok()) << sessions.message();
  std::vector<std::vector<Told>> alone;
  std::vector<Session*> all;
  std::map<Session*, std::vector<Told>> together;
  for (size_t i = 0; i < 3; ++i) {
    const auto prompt = std::span(kPrompt).first(4 + 2 * i);
    GenerateOptions options = telling(i == 1 ? 1.2f : 0.0f, 6 + static_cast<int64_t>(i));
    options.experts = i != 2;  // one does not ask
    Session lone = session(model);
    alone.push_back(generate(lone, prompt, options));
    all.push_back(&(*sessions)[i]);
    ASSERT_TRUE(all.back()->begin(prompt, options).ok());
  }
  for (std::vector<Session*> going = all; !going.empty();) {
    const auto next = next_of_each(going);
    ASSERT_TRUE(next.ok()) << next.message();
    std::vector<Session*> left;
    for (size_t i = 0; i < going.size(); ++i) {
      ASSERT_TRUE((*next)[i].ok()) << (*next)[i].message();
      if (!(*next)[i]->has_value()) continue;
      together[going[i]].push_back(told(**(*next)[i]));
      left.push_back(going[i]);
    }
    going = left;
  }
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(together[all[i]], alone[i]) << i;
}

TEST_P(GeneratedExperts, AfterACancelledCallAreThoseOfTheTextThatIsThere) {
  const std::vector<Told> whole = expected();
  const Model model = load();
  for (int questions = 1; questions < 400; questions = questions * 2 + 1) {
    Session one = session(model);
    int asked = 0;
    GenerateOptions options = telling();
    options.keep_going = [&] { return ++asked < questions; };
    std::vector<Told> got;
    const Result<Generation> g = one.generate(kPrompt, options, [&](const GeneratedToken& token) {
      got.push_back(told(token));
      return true;
    });
    options.keep_going = {};
    options.max_tokens = 12 - std::ssize(got);
    if (options.max_tokens == 0) break;
    const Ids rest = got.empty() ? kPrompt : Ids{got.back().id};
    const std::vector<Told> more = generate(one, rest, options);
    got.insert(got.end(), more.begin(), more.end());
    EXPECT_EQ(got, whole) << questions;
  }
}

TEST_P(GeneratedExperts, AreToldWhereTheContextSlides) {
  const Model model = load();
  Session one = *model.create_session({.context = 12, .kv = KvCacheType::f32});
  GenerateOptions options = telling(0, 20);
  options.when_full = WhenFull::slide;
  for (const Told& each : generate(one, kPrompt, options))
    EXPECT_EQ(each.experts.size(), static_cast<size_t>(model.info().n_layers * model.info().n_experts_used));
}

}  // namespace
}  // namespace tritium
