// Requests together, cancelled, cached and parked: the tokens that each gets alone.
#include "server/scheduler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "tests/support/temporary_folder.h"

namespace tritium::server {
namespace {

using namespace std::chrono_literals;

const Model& model() {
  static const Model loaded = [] {
    static const TemporaryFolder folder;
    const std::string path = folder.file("model.gguf");
    EXPECT_EQ(std::system((std::string(TRITIUM_MAKE_MODEL) + " " + path).c_str()), 0);
    return *Runtime::create({.backend = "cpu", .threads = 1})->load(path);
  }();
  return loaded;
}

std::vector<int32_t> prompt(size_t length, size_t kind = 0) {
  std::vector<int32_t> tokens(length);
  for (size_t i = 0; i < length; ++i) tokens[i] = static_cast<int32_t>((7 * i + 31 * kind + i * i) % 200);
  return tokens;
}

GenerateOptions greedy(int64_t tokens) {
  GenerateOptions options = {.max_tokens = tokens, .sampler = {.temperature = 0}, .stop_at_end = false};
  return options;
}

std::vector<int32_t> alone(const std::vector<int32_t>& tokens, const GenerateOptions& options) {
  Result<Session> session = model().create_session({.context = 256});
  const Result<Generation> generation = session->generate(tokens, options);
  EXPECT_TRUE(generation.ok()) << generation.message();
  return generation->tokens;
}

std::unique_ptr<Scheduler> scheduler(SchedulerOptions options = {}) {
  options.session.context = 256;
  Result<std::unique_ptr<Scheduler>> made = Scheduler::start(model(), std::move(options));
  EXPECT_TRUE(made.ok()) << made.message();
  return *std::move(made);
}

struct Got {
  std::vector<int32_t> tokens;
  std::optional<TokenEvent> last;
};

// All that comes of n choices.
std::vector<Got> all_of(TokenQueue& queue, size_t n = 1) {
  std::vector<Got> got(n);
  for (size_t open = n; open > 0;) {
    std::optional<TokenEvent> event = queue.pop(60s);
    EXPECT_TRUE(event) << "nothing came";
    if (!event) break;
    Got& one = got[event->choice];
    if (event->kind == TokenEvent::Kind::token) {
      if (event->id >= 0) one.tokens.push_back(event->id);
      continue;
    }
    one.last = *std::move(event);
    --open;
  }
  return got;
}

std::shared_ptr<TokenQueue> submit(Scheduler& s, const Submission& submission) {
  auto queue = std::make_shared<TokenQueue>();
  EXPECT_EQ(s.submit(submission, queue), Submitted::taken);
  return queue;
}

TEST(Scheduler, EachGetsTheTokensThatItGetsAlone) {
  const auto s = scheduler({.sessions = 3, .batch = 16});
  std::vector<std::shared_ptr<TokenQueue>> queues;
  std::vector<Submission> asked;
  for (size_t i = 0; i < 12; ++i) {
    asked.push_back({.prompts = {prompt(1 + 17 * i, i)}, .generate = greedy(5 + static_cast<int64_t>(i))});
    queues.push_back(submit(*s, asked.back()));
  }
  for (size_t i = 0; i < queues.size(); ++i) {
    const Got got = all_of(*queues[i]).front();
    EXPECT_EQ(got.tokens, alone(asked[i].prompts[0], asked[i].generate)) << i;
    EXPECT_EQ(got.last->stop, StopReason::max_tokens);
    EXPECT_EQ(got.last->completion_tokens, asked[i].generate.max_tokens);
  }
  EXPECT_EQ(s->figures().finished, 12u);
  EXPECT_TRUE(s->idle());
}

TEST(Scheduler, AConversationGoesOnWhereItWas) {
  const auto s = scheduler({.sessions = 2});
  std::vector<int32_t> tokens = prompt(60);
  const Got first = all_of(*submit(*s, {.prompts = {tokens}, .generate = greedy(8)})).front();
  EXPECT_EQ(first.last->cached_tokens, 0);
  tokens.insert(tokens.end(), first.tokens.begin(), first.tokens.end());
  tokens.push_back(3);
  const Got second = all_of(*submit(*s, {.prompts = {tokens}, .generate = greedy(8)})).front();
  EXPECT_EQ(second.last->cached_tokens, 67);  // but for the token that was not evaluated any more
  EXPECT_EQ(second.tokens, alone(tokens, greedy(8)));
  const Got again = all_of(*submit(*s, {.prompts = {tokens}, .generate = greedy(8)})).front();
  EXPECT_EQ(again.last->cached_tokens, 68);
  EXPECT_EQ(again.tokens, second.tokens);
  const Got anew = all_of(*submit(*s, {.prompts = {tokens}, .generate = greedy(8), .cache = false})).front();
  EXPECT_EQ(anew.last->cached_tokens, 0);
  EXPECT_EQ(anew.tokens, second.tokens);
}

TEST(Scheduler, AConversationThatLostItsSessionIsFoundInMemory) {
  const auto s = scheduler({.sessions = 1});
  const std::vector<int32_t> tokens = prompt(60);
  const Got first = all_of(*submit(*s, {.prompts = {tokens}, .generate = greedy(8)})).front();
  all_of(*submit(*s, {.prompts = {prompt(80, 5)}, .generate = greedy(2)}));
  EXPECT_GT(s->figures().cached_prompt_bytes, 0u);
  const Got again = all_of(*submit(*s, {.prompts = {tokens}, .generate = greedy(8)})).front();
  EXPECT_EQ(again.last->cached_tokens, 59);
  EXPECT_EQ(again.tokens, first.tokens);
}

TEST(Scheduler, ChoicesShareAPrompt) {
  const auto s = scheduler({.sessions = 2});
  Submission asked = {.prompts = {prompt(90)}, .generate = greedy(6), .n = 3};
  asked.generate.sampler = {.temperature = 1.5f, .top_k = 0, .seed = 11};
  const std::vector<Got> got = all_of(*submit(*s, asked), 3);
  for (size_t i = 0; i < 3; ++i) {
    GenerateOptions options = asked.generate;
    options.sampler.seed = 11 + i;
    EXPECT_EQ(got[i].tokens, alone(asked.prompts[0], options)) << i;
  }
  EXPECT_EQ(got[1].last->cached_tokens, 89);
  EXPECT_EQ(s->figures().prompt_tokens, 89u);  // evaluated once
}

TEST(Scheduler, EachPromptHasItsChoices) {
  const auto s = scheduler({.sessions = 3});
  Submission asked = {.prompts = {prompt(90), prompt(5, 1), prompt(250, 2)}, .generate = greedy(9), .n = 2};
  asked.generate.sampler = {.temperature = 1.5f, .top_k = 0, .seed = 11};
  const std::vector<Got> got = all_of(*submit(*s, asked), 6);
  for (size_t i = 0; i < 6; ++i) {
    GenerateOptions options = asked.generate;
    options.sampler.seed = 11 + i % 2;
    if (i / 2 == 2) options.max_tokens = 6;  // for more the context has no room
    EXPECT_EQ(got[i].tokens, alone(asked.prompts[i / 2], options)) << i;
  }
}

std::vector<PromptToken> scored(Scheduler& s, const Submission& submission) {
  const auto queue = submit(s, submission);
  const std::optional<TokenEvent> event = queue->pop(60s);
  EXPECT_TRUE(event && event->kind == TokenEvent::Kind::prompt);
  all_of(*queue);
  return event ? event->prompt : std::vector<PromptToken>();
}

TEST(Scheduler, APromptsTokensAreAsProbableAsItsLogitsSay) {
  const auto s = scheduler({.sessions = 2, .batch = 16});
  const std::vector<int32_t> tokens = prompt(70);
  all_of(*submit(*s, {.prompts = {tokens}, .generate = greedy(2)}));  // a cache that has them spares nothing
  const std::vector<PromptToken> got =
      scored(*s, {.prompts = {tokens}, .generate = greedy(2), .prompt_log_probabilities = 3});
  ASSERT_EQ(got.size(), tokens.size());
  EXPECT_FALSE(got[0].known);
  Result<Session> session = model().create_session({.context = 256});
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    const Result<std::span<const float>> logits = session->evaluate(std::span(&tokens[i], 1));
    double sum = 0;
    for (const float logit : *logits) sum += std::exp(double{logit});
    const PromptToken& next = got[i + 1];
    EXPECT_EQ(next.id, tokens[i + 1]);
    EXPECT_TRUE(next.known);
    EXPECT_NEAR(next.log.of_token, double{(*logits)[static_cast<size_t>(next.id)]} - std::log(sum), 1e-4) << i;
    EXPECT_EQ(next.log.most_probable.size(), 3u);
  }
}

TEST(Scheduler, APromptAloneHasNoAnswer) {
  const auto s = scheduler({.sessions = 1, .batch = 16});
  const auto queue = submit(*s, {.prompts = {prompt(40)}, .generate = greedy(0), .prompt_log_probabilities = 0});
  EXPECT_EQ(queue->pop(60s)->prompt.size(), 40u);
  const Got got = all_of(*queue).front();
  EXPECT_EQ(got.last->kind, TokenEvent::Kind::ended);
  EXPECT_EQ(got.last->stop, StopReason::max_tokens);
  EXPECT_TRUE(got.tokens.empty());
  EXPECT_EQ(scored(*s, {.prompts = {prompt(1)}, .generate = greedy(0), .prompt_log_probabilities = 0}).size(), 1u);
  EXPECT_EQ(all_of(*submit(*s, {.prompts = {prompt(40)}, .generate = greedy(0)})).front().last->completion_tokens, 0);
}

TEST(Scheduler, WhoIsGoneLeavesRoom) {
  const auto s = scheduler({.sessions = 1});
  const auto gone = submit(*s, {.prompts = {prompt(4)}, .generate = greedy(200)});
  EXPECT_TRUE(gone->pop(60s));
  const auto waiting = submit(*s, {.prompts = {prompt(9, 1)}, .generate = greedy(4)});
  gone->cancel();
  EXPECT_EQ(all_of(*waiting).front().tokens, alone(prompt(9, 1), greedy(4)));
  EXPECT_EQ(s->figures().cancelled, 1u);
}

TEST(Scheduler, AFullQueueIsSaid) {
  const auto s = scheduler({.sessions = 1, .queue = 1});
  const auto busy = submit(*s, {.prompts = {prompt(4)}, .generate = greedy(200)});
  EXPECT_TRUE(busy->pop(60s));
  std::vector<std::shared_ptr<TokenQueue>> waiting;
  Submitted last = Submitted::taken;
  for (int i = 0; i < 4 && last == Submitted::taken; ++i) {
    waiting.push_back(std::make_shared<TokenQueue>());
    last = s->submit({.prompts = {prompt(4)}, .generate = greedy(1)}, waiting.back());
  }
  EXPECT_EQ(last, Submitted::queue_full);
  busy->cancel();
  EXPECT_EQ(all_of(*waiting.front()).front().tokens.size(), 1u);
}

TEST(Scheduler, WhatIsWrongConcernsNoOther) {
  const auto s = scheduler({.sessions = 2});
  Submission wrong = {.prompts = {prompt(4)}, .generate = greedy(4)};
  wrong.generate.grammar = "root ::= (";
  const auto failing = submit(*s, wrong), good = submit(*s, {.prompts = {prompt(4)}, .generate = greedy(4)});
  EXPECT_EQ(all_of(*failing).front().last->status.code(), StatusCode::invalid_argument);
  EXPECT_EQ(all_of(*good).front().tokens, alone(prompt(4), greedy(4)));
}

TEST(Scheduler, AnIdleModelIsParkedAndComesBack) {
  const auto s = scheduler({.sessions = 1, .park_after = 1s});
  const std::vector<int32_t> tokens = prompt(60);
  const Got first = all_of(*submit(*s, {.prompts = {tokens}, .generate = greedy(4)})).front();
  for (int i = 0; i < 600 && !model().is_parked(); ++i) std::this_thread::sleep_for(100ms);
  EXPECT_TRUE(model().is_parked());
  const Got again = all_of(*submit(*s, {.prompts = {tokens}, .generate = greedy(4)})).front();
  EXPECT_EQ(again.tokens, first.tokens);
  EXPECT_EQ(again.last->cached_tokens, 59);
  EXPECT_EQ(s->figures().parked, 1u);
}

TEST(Scheduler, StoppingLetsGoOfWhoWaits) {
  std::shared_ptr<TokenQueue> active, waiting;
  {
    const auto s = scheduler({.sessions = 1});
    active = submit(*s, {.prompts = {prompt(4)}, .generate = greedy(200)});
    EXPECT_TRUE(active->pop(60s));
    waiting = submit(*s, {.prompts = {prompt(4)}, .generate = greedy(200)});
    s->stop_taking();
    EXPECT_EQ(s->submit({.prompts = {prompt(4)}, .generate = greedy(1)}, waiting), Submitted::stopping);
  }
  EXPECT_EQ(all_of(*waiting).front().last->status.code(), StatusCode::cancelled);
  EXPECT_TRUE(all_of(*active).front().last);
}

}  // namespace
}  // namespace tritium::server
