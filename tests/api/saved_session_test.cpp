// Sessions that are forked, saved and restored go on as the one that they come from, to the bit.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/available_backends.h"
#include "tests/support/made_model.h"
#include "tritium/tritium.hpp"

namespace tritium {
namespace {

const std::vector<int32_t> kPrompt = {1, 9, 77, 12, 200};
const GenerateOptions kGreedy = {.max_tokens = 8, .sampler = {.temperature = 0}, .stop_at_end = false};
const std::vector<KvCacheType> kCaches = {KvCacheType::f16, KvCacheType::int8, KvCacheType::f32};

Model load(const std::string& backend, const std::string& architecture = "maple") {
  const Result<Runtime> runtime = Runtime::create({.backend = backend});
  EXPECT_TRUE(runtime.ok()) << runtime.message();
  Result<Model> model = runtime->load(model_file(architecture));
  EXPECT_TRUE(model.ok()) << model.message();
  return *std::move(model);
}

std::vector<int32_t> go_on(Session& session) {
  const Result<Generation> g = session.generate({}, kGreedy);
  EXPECT_TRUE(g.ok()) << g.message();
  return g.ok() ? g->tokens : std::vector<int32_t>();
}

std::vector<float> logits_of(Session& session) {
  const Result<std::span<const float>> logits = session.logits();
  EXPECT_TRUE(logits.ok()) << logits.message();
  return {logits->begin(), logits->end()};
}

TEST(SavedSession, ARestoredOneGoesOnToTheBitOnEveryBackendAndCache) {
  for (const std::string& backend : available_backends())
    for (const KvCacheType kv : kCaches) {
      const Model model = load(backend);
      Result<Session> session = model.create_session({.kv = kv}), other = model.create_session({.kv = kv});
      ASSERT_TRUE(session->evaluate(kPrompt).ok());
      const Result<std::vector<std::byte>> saved = session->save();
      ASSERT_TRUE(saved.ok()) << saved.message();
      EXPECT_EQ(saved->size(), session->saved_bytes());
      ASSERT_TRUE(other->evaluate(std::vector<int32_t>(20, 3)).ok());
      ASSERT_TRUE(other->restore(*saved).ok());
      EXPECT_EQ(other->position(), 5);
      EXPECT_EQ(logits_of(*other), logits_of(*session)) << backend;
      EXPECT_EQ(go_on(*other), go_on(*session)) << backend;
      EXPECT_EQ(logits_of(*other), logits_of(*session)) << backend;
    }
}

// Attention adds up floats in another order there; activations of int8 would round what differs by little to the next
// step.
TEST(SavedSession, AnotherBackendTakesIt) {
  for (const KvCacheType kv : kCaches) {
    const SessionOptions options{.activations = Activations::f32, .kv = kv};
    Result<Session> session = load("reference").create_session(options);
    ASSERT_TRUE(session->evaluate(kPrompt).ok());
    const std::vector<float> expected = logits_of(*session);
    for (const std::string& backend : available_backends()) {
      Result<Session> other = load(backend).create_session(options);
      const Status status = other->restore(*session->save());
      ASSERT_TRUE(status.ok()) << status.message();
      const std::vector<float> logits = logits_of(*other);
      for (size_t i = 0; i < logits.size(); ++i)
        ASSERT_NEAR(logits[i], expected[i], 1e-3) << backend << ", logit " << i;
    }
  }
}

TEST(SavedSession, AForkIsAtTheSamePlaceAndOnItsOwn) {
  for (const std::string& backend : available_backends()) {
    const Model model = load(backend);
    Result<Session> session = model.create_session();
    ASSERT_TRUE(session->evaluate(kPrompt).ok());
    Result<Session> fork = session->fork();
    ASSERT_TRUE(fork.ok()) << fork.message();
    EXPECT_EQ(fork->position(), 5);
    EXPECT_EQ(fork->context(), session->context());
    ASSERT_TRUE(fork->evaluate(std::vector<int32_t>{33, 44}).ok());
    EXPECT_EQ(session->position(), 5);
    ASSERT_TRUE(fork->rewind(5).ok());
    EXPECT_EQ(go_on(*fork), go_on(*session)) << backend;
  }
}

TEST(SavedSession, AnEmptySessionIsSavedAndForked) {
  const Model model = load("cpu");
  Result<Session> session = model.create_session(), other = model.create_session();
  ASSERT_TRUE(other->evaluate(kPrompt).ok());
  ASSERT_TRUE(other->restore(*session->save()).ok());
  EXPECT_EQ(other->position(), 0);
  EXPECT_EQ(session->fork()->position(), 0);
}

TEST(SavedSession, AnotherContextTakesItWhereItIsLargeEnough) {
  const Model model = load("cpu");
  Result<Session> session = model.create_session();
  ASSERT_TRUE(session->evaluate(kPrompt).ok());
  const std::vector<std::byte> saved = *session->save();
  Result<Session> large = model.create_session({.context = 5}), small = model.create_session({.context = 4});
  EXPECT_TRUE(large->restore(saved).ok());
  EXPECT_EQ(small->restore(saved).code(), StatusCode::invalid_argument);
}

TEST(SavedSession, OfAnotherModelOrCacheItIsRefused) {
  const Model model = load("cpu"), other = load("cpu", "llama");
  Result<Session> session = model.create_session();
  ASSERT_TRUE(session->evaluate(kPrompt).ok());
  const std::vector<std::byte> saved = *session->save();
  for (const SessionOptions& options : {SessionOptions{.kv = KvCacheType::int8}, SessionOptions{.kv = KvCacheType::f32},
                                        SessionOptions{.activations = Activations::f32}})
    EXPECT_EQ(model.create_session(options)->restore(saved).code(), StatusCode::invalid_argument);
  EXPECT_EQ(other.create_session()->restore(saved).code(), StatusCode::invalid_argument);
}

TEST(SavedSession, DamagedBytesAreRefusedAndChangeNothing) {
  const Model model = load("cpu");
  Result<Session> session = model.create_session();
  ASSERT_TRUE(session->evaluate(kPrompt).ok());
  const std::vector<std::byte> saved = *session->save();
  const std::vector<int32_t> more = go_on(*session);
  const int64_t position = session->position();
  const auto refused = [&](std::span<const std::byte> bytes) {
    const Status status = session->restore(bytes);
    return status.code() == StatusCode::corrupt_file && session->position() == position;
  };
  for (size_t i = 0; i < saved.size(); i += std::max<size_t>(1, saved.size() / 97)) {
    std::vector<std::byte> damaged = saved;
    damaged[i] ^= std::byte{1};
    EXPECT_TRUE(refused(damaged)) << "byte " << i;
    EXPECT_TRUE(refused(std::span(saved).first(i))) << "cut to " << i;
  }
  EXPECT_TRUE(refused({}));
}

}  // namespace
}  // namespace tritium
