// What a session holds after a call, also after one that failed, was cancelled or should not have been made: a state
// from which everything that follows is right.
#include <gtest/gtest.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

#include "tests/support/available_backends.h"
#include "tests/support/made_model.h"
#include "tritium/debug.hpp"
#include "tritium/tritium.hpp"

namespace tritium {
namespace {

Model load(const std::string& backend, const std::string& huge = "") {
  const Result<Runtime> runtime = Runtime::create({.backend = backend});
  EXPECT_TRUE(runtime.ok()) << runtime.message();
  Result<Model> model = runtime->load(model_file("llama", huge));
  EXPECT_TRUE(model.ok()) << model.message();
  return *std::move(model);
}

const std::vector<int32_t> kPrompt = {1, 9, 77, 12, 200};
const GenerateOptions kGreedy = {.max_tokens = 8, .sampler = {.temperature = 0}, .stop_at_end = false};
const GenerateOptions kWarm = {.max_tokens = 8, .sampler = {.temperature = 3, .top_k = 0}, .stop_at_end = false};

const GenerateOptions kFew = {.max_tokens = 8, .sampler = {.temperature = 3, .top_k = 40}, .stop_at_end = false};
// Of those that a device leaves, and of all of them.
const GenerateOptions kChosen = {
    .max_tokens = 8, .sampler = {.temperature = 3, .typical_p = 0.8f, .xtc_probability = 0.5f}, .stop_at_end = false};
const GenerateOptions kPenalized = {
    .max_tokens = 8, .sampler = {.temperature = 0, .repeat_penalty = 1.5f, .dry_multiplier = 1}, .stop_at_end = false};

// What the model writes after the first n tokens of the prompt and `more`.
std::vector<int32_t> fresh(const Model& model, std::span<const int32_t> prompt, const GenerateOptions& options) {
  Result<Session> session = model.create_session();
  const Result<Generation> g = session->generate(prompt, options);
  EXPECT_TRUE(g.ok()) << g.message();
  return g.ok() ? g->tokens : std::vector<int32_t>();
}

TEST(SessionState, AfterRewindingGenerationGoesOnFromThere) {
  for (const std::string& backend : available_backends())
    for (const GenerateOptions& options : {kGreedy, kWarm, kFew}) {
      const Model model = load(backend);
      Result<Session> session = model.create_session();
      const Result<Generation> whole = session->generate(kPrompt, options);
      ASSERT_TRUE(whole.ok()) << whole.message();
      ASSERT_TRUE(session->rewind(5).ok());
      EXPECT_EQ(session->generate({}, options)->tokens, whole->tokens) << backend;
      ASSERT_TRUE(session->rewind(3).ok());
      EXPECT_EQ(session->generate({}, options)->tokens, fresh(model, std::span(kPrompt).first(3), options)) << backend;
      ASSERT_TRUE(session->rewind(0).ok());
      EXPECT_EQ(session->generate({}, options).code(), StatusCode::invalid_argument);
    }
}

TEST(SessionState, GenerationGivesTheTokensOfEvaluatingAndSamplingOneByOne) {
  for (const std::string& backend : available_backends())
    for (const GenerateOptions& options : {kGreedy, kWarm, kFew, kChosen, kPenalized}) {
      const Model model = load(backend);
      Result<Session> session = model.create_session();
      Sampler sampler = *Sampler::create(options.sampler);
      std::vector<int32_t> tokens, next = kPrompt;
      while (std::ssize(tokens) < options.max_tokens) {
        const Result<std::span<const float>> logits = session->evaluate(next);
        ASSERT_TRUE(logits.ok()) << logits.message();
        for (const int32_t token : next) ASSERT_TRUE(sampler.accept(token).ok());
        next = {sampler.sample(*logits)};
        tokens.push_back(next.front());
      }
      EXPECT_EQ(fresh(model, kPrompt, options), tokens) << backend << ", top_k " << options.sampler.top_k;
    }
}

TEST(SessionState, RewindingToWhereItIsChangesNothing) {
  const Model model = load("cpu");
  Result<Session> session = model.create_session();
  const auto logits = session->evaluate(kPrompt);
  ASSERT_TRUE(logits.ok());
  const std::vector<float> before(logits->begin(), logits->end());
  ASSERT_TRUE(session->rewind(5).ok());
  EXPECT_TRUE(std::ranges::equal(before, *logits));
  EXPECT_EQ(session->generate({}, kWarm)->tokens, fresh(model, kPrompt, kWarm));
}

TEST(SessionState, LogitsOfAllTokensAreFollowedByWhatFollowsTheLast) {
  for (const std::string& backend : available_backends()) {
    const Model model = load(backend);
    Result<Session> session = model.create_session({.batch = 2});
    ASSERT_TRUE(session->evaluate(std::span(kPrompt).first(2)).ok());
    ASSERT_TRUE(session->evaluate_all(std::span(kPrompt).subspan(2)).ok());
    EXPECT_EQ(session->generate({}, kGreedy)->tokens, fresh(model, kPrompt, kGreedy)) << backend;
  }
}

TEST(SessionState, AFailedCallLeavesEverythingAsItWas) {
  const Model model = load("cpu");
  Result<Session> session = model.create_session({.context = 16});
  ASSERT_TRUE(session->evaluate(kPrompt).ok());
  const std::vector<int32_t> bad = {4, 259}, long_one(12, 7);
  EXPECT_EQ(session->evaluate(bad).code(), StatusCode::invalid_argument);
  EXPECT_EQ(session->evaluate(long_one).code(), StatusCode::invalid_argument);
  EXPECT_EQ(session->evaluate_all(long_one).code(), StatusCode::invalid_argument);
  EXPECT_EQ(session->generate(bad, kGreedy).code(), StatusCode::invalid_argument);
  EXPECT_EQ(session->generate(kPrompt, {.max_tokens = 0}).code(), StatusCode::invalid_argument);
  EXPECT_EQ(session->generate(kPrompt, {.sampler = {.temperature = -1}}).code(), StatusCode::invalid_argument);
  EXPECT_EQ(session->position(), 5);
  EXPECT_EQ(session->generate({}, kGreedy)->tokens, fresh(model, kPrompt, kGreedy));
}

// Says no at the n-th question.
std::function<bool()> until(int n) {
  return [n, asked = 0]() mutable { return ++asked < n; };
}

// Cancelled at ever later moments: whenever it is, the session is where it was, and goes on from there.
TEST(SessionState, ACancelledCallLeavesTheSessionWhereItWas) {
  std::vector<int32_t> more;
  for (int32_t i = 0; i < 400; ++i) more.push_back((i * 31 + 1) % 259);
  for (const std::string& backend : available_backends()) {
    const Model model = load(backend);
    Result<Session> session = model.create_session({.context = 512, .batch = 64});
    ASSERT_TRUE(session->evaluate(kPrompt).ok());
    int cancelled = 0;
    for (const int moment : {1, 2, 5}) {
      const auto expect_cancelled = [&](StatusCode code) {
        if (code != StatusCode::ok) {
          EXPECT_EQ(code, StatusCode::cancelled) << backend;
          ++cancelled;
        } else if (session->position() > 5) {  // a fast machine was done before it was asked so often
          EXPECT_TRUE(session->rewind(5).ok());
        }
      };
      expect_cancelled(session->evaluate(more, until(moment)).code());
      expect_cancelled(session->evaluate_all(more, until(moment)).code());
      GenerateOptions options = kGreedy;
      options.keep_going = until(moment);
      expect_cancelled(session->generate(more, options).code());
    }
    EXPECT_GE(cancelled, 3) << backend;
    EXPECT_EQ(session->position(), 5);
    EXPECT_EQ(session->generate({}, kGreedy)->tokens, fresh(model, kPrompt, kGreedy)) << backend;
    ASSERT_TRUE(session->rewind(5).ok());
    Result<Session> other = model.create_session({.context = 512});
    std::vector<int32_t> all = kPrompt;
    all.insert(all.end(), more.begin(), more.end());
    EXPECT_TRUE(std::ranges::equal(*session->evaluate(more), *other->evaluate(all))) << backend;
  }
}

TEST(SessionState, AGenerationThatIsCancelledKeepsItsTokens) {
  const Model model = load("cpu");
  Result<Session> session = model.create_session();
  GenerateOptions options = kGreedy;
  options.max_tokens = 300;
  bool wanted = true;
  options.keep_going = [&] { return wanted; };
  const Result<Generation> g = session->generate(kPrompt, options, [&, n = 0](const GeneratedToken&) mutable {
    if (++n == 3) wanted = false;
    return true;
  });
  ASSERT_TRUE(g.ok()) << g.message();
  EXPECT_EQ(g->stop, StopReason::cancelled);
  ASSERT_GE(g->tokens.size(), 3u);
  options.max_tokens = static_cast<int64_t>(g->tokens.size());
  wanted = true;
  EXPECT_EQ(g->tokens, fresh(model, kPrompt, options));
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Of the computing time between two questions, the longest; of a machine that others use, too.
TEST(SessionState, ALongPromptIsAskedAboutOften) {
  const std::vector<int32_t> prompt(500, 7);
  for (const std::string& backend : {std::string("reference"), std::string("cpu")}) {
    const Model model = load(backend);
    for (const bool all : {false, true}) {
      Result<Session> session = model.create_session({.context = 512, .batch = 500});
      double longest = 0, before = cpu_seconds();
      const auto keep_going = [&] {
        longest = std::max(longest, cpu_seconds() - before);
        before = cpu_seconds();
        return true;
      };
      ASSERT_TRUE(all ? session->evaluate_all(prompt, keep_going).ok() : session->evaluate(prompt, keep_going).ok());
      EXPECT_LT(longest, 0.1) << backend;
    }
  }
}

TEST(SessionState, LoadingEvaluatingAndTheSelftestAreCancelledByTheSameQuestion) {
  const Result<Runtime> runtime = Runtime::create({.backend = "cpu"});
  ASSERT_TRUE(runtime.ok());
  EXPECT_EQ(runtime->load(model_file("llama"), {.keep_going = until(1)}).code(), StatusCode::cancelled);
  const Model model = load("reference");
  const std::string text(3000, 'x');
  EXPECT_EQ(model.evaluate(text, {.window = 100, .keep_going = until(3)}).code(), StatusCode::cancelled);
  EXPECT_EQ(selftest("cpu", {}, until(3)).code(), StatusCode::cancelled);
}

TEST(SessionState, ASessionIsCancelledWhileItsMemoryIsMadeReady) {
  for (const char* backend : {"reference", "cpu"}) {
    const Model model = load(backend);
    EXPECT_EQ(model.create_session({.context = 512, .keep_going = until(0)}).code(), StatusCode::cancelled) << backend;
    EXPECT_TRUE(model.create_session({.context = 512, .keep_going = [] { return true; }}).ok()) << backend;
  }
}

TEST(SessionState, HandlesThatWereMovedFromSaySo) {
  Model model = load("cpu");
  Result<Session> session = model.create_session();
  Session other = *std::move(session);
  EXPECT_EQ(session->evaluate(kPrompt).code(), StatusCode::invalid_argument);
  EXPECT_EQ(session->evaluate_all(kPrompt).code(), StatusCode::invalid_argument);
  EXPECT_EQ(session->generate(kPrompt, kGreedy).code(), StatusCode::invalid_argument);
  EXPECT_EQ(session->rewind(0).code(), StatusCode::invalid_argument);
  EXPECT_EQ(session->position(), 0);
  EXPECT_EQ(session->context(), 0);
  const Model kept = std::move(model);
  EXPECT_EQ(model.create_session().code(), StatusCode::invalid_argument);
  EXPECT_EQ(model.tokenize("x").code(), StatusCode::invalid_argument);
  EXPECT_EQ(model.detokenize(kPrompt).code(), StatusCode::invalid_argument);
  EXPECT_EQ(model.evaluate("some text").code(), StatusCode::invalid_argument);
  EXPECT_EQ(model.begin_of_text(), -1);
  EXPECT_EQ(model.info().vocab_size, 0);
  Result<Runtime> runtime = Runtime::create({.backend = "cpu"});
  const Runtime taken = *std::move(runtime);
  EXPECT_EQ(runtime->load(model_file("llama")).code(), StatusCode::invalid_argument);
  EXPECT_EQ(runtime->backend(), "");
  EXPECT_TRUE(other.evaluate(kPrompt).ok());
}

TEST(SessionState, ACallWithinACallIsRefusedAndHarmless) {
  const Model model = load("cpu");
  Result<Session> session = model.create_session();
  const Result<Generation> g = session->generate(kPrompt, kGreedy, [&](const GeneratedToken&) {
    EXPECT_EQ(session->rewind(0).code(), StatusCode::invalid_argument);
    std::jthread([&] { EXPECT_EQ(session->evaluate(kPrompt).code(), StatusCode::invalid_argument); });
    return true;
  });
  ASSERT_TRUE(g.ok()) << g.message();
  EXPECT_EQ(g->tokens, fresh(model, kPrompt, kGreedy));
  EXPECT_TRUE(session->rewind(0).ok());
}

TEST(NotFinite, LogitsAreRefusedWithTheOperationThatWroteTheFirstSuchValue) {
  for (const std::string& backend : available_backends())
    for (const auto& [tensor, place] : {std::pair{"blk.2.attn_norm.weight", " in model/layer2/attention"},
                                        std::pair{"output_norm.weight", " in model/head"}}) {
      const Model model = load(backend, tensor);
      Result<Session> session = model.create_session({.activations = Activations::f32, .batch = 2});
      const auto check = [&, place = place](const Status& status, const char* call) {
        EXPECT_EQ(status.code(), StatusCode::device_error) << backend << " " << call;
        // A device may norm a sum in one operation.
        const bool named = std::ranges::any_of(std::array{"rms_norm", "norm_rows"}, [&](const std::string& operation) {
          return status.message().find(operation + place) != std::string::npos;
        });
        EXPECT_TRUE(named) << backend << " " << call << ": " << status.message();
        EXPECT_EQ(session->position(), 0);
      };
      check(session->evaluate(kPrompt).status(), "evaluate");
      check(session->evaluate_all(kPrompt).status(), "evaluate_all");
      check(session->generate(kPrompt, kGreedy).status(), "greedy");
      check(session->generate(kPrompt, kWarm).status(), "warm");
      check(model.evaluate("some text", {.activations = Activations::f32}).status(), "evaluation");
    }
}

TEST(SessionState, PolledTokensAreThoseThatAreCalledBack) {
  for (const std::string& backend : available_backends())
    for (const GenerateOptions& options : {kGreedy, kWarm, kFew}) {
      const Model model = load(backend);
      Result<Session> session = model.create_session();
      ASSERT_TRUE(session->begin(kPrompt, options).ok());
      std::vector<int32_t> tokens;
      for (;;) {
        const Result<std::optional<GeneratedToken>> token = session->next();
        ASSERT_TRUE(token.ok()) << token.message();
        if (!token->has_value()) break;
        tokens.push_back((*token)->id);
      }
      EXPECT_EQ(tokens, fresh(model, kPrompt, options)) << backend;
      EXPECT_EQ(session->generation()->tokens, tokens);
      EXPECT_EQ(session->generation()->stop, StopReason::max_tokens);
    }
}

TEST(SessionState, APolledGenerationIsEndedByOtherCalls) {
  const Model model = load("cpu");
  Result<Session> session = model.create_session();
  EXPECT_EQ(session->next().code(), StatusCode::invalid_argument);
  ASSERT_TRUE(session->begin(kPrompt, kGreedy).ok());
  ASSERT_TRUE(session->next().ok());
  EXPECT_EQ(session->position(), 5);
  ASSERT_TRUE(session->rewind(3).ok());
  EXPECT_EQ(session->next().code(), StatusCode::invalid_argument);
  EXPECT_EQ(session->generation().code(), StatusCode::invalid_argument);
}

// The session may be moved meanwhile.
TEST(SessionState, APolledGenerationGoesWithItsSession) {
  const Model model = load("cpu");
  Result<Session> session = model.create_session();
  ASSERT_TRUE(session->begin(kPrompt, kGreedy).ok());
  ASSERT_TRUE(session->next().ok());
  Session moved = std::move(*session);
  while (moved.next()->has_value()) {
  }
  EXPECT_EQ(moved.generation()->tokens, fresh(model, kPrompt, kGreedy));
}

}  // namespace
}  // namespace tritium
