// Generations of many sessions together: the same tokens as alone, whoever else is there.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "tests/support/made_model.h"
#include "tritium/tritium.hpp"

namespace tritium {
namespace {

using Outcome = Result<std::optional<GeneratedToken>>;

Model load(const std::string& backend, const std::string& architecture = "maple") {
  const Result<Runtime> runtime = Runtime::create({.backend = backend, .threads = 2});
  EXPECT_TRUE(runtime.ok()) << runtime.message();
  Result<Model> model = runtime->load(model_file(architecture));
  EXPECT_TRUE(model.ok()) << model.message();
  return *std::move(model);
}

std::vector<int32_t> prompt(int i) {
  std::vector<int32_t> tokens(static_cast<size_t>(3 + 2 * i));
  for (size_t t = 0; t < tokens.size(); ++t)
    tokens[t] = static_cast<int32_t>((7 * t + 13 * static_cast<size_t>(i)) % 200);
  return tokens;
}

// Some greedy, some sampled, with options that need all logits, and of different lengths.
GenerateOptions options(int i) {
  GenerateOptions o = {.max_tokens = 5 + 3 * (i % 4), .stop_at_end = false};
  o.sampler.temperature = i % 3 == 0 ? 0.0f : 1.2f;
  o.sampler.seed = static_cast<uint64_t>(i);
  if (i % 4 == 1) o.sampler.repeat_penalty = 1.3f;
  if (i % 4 == 2) o.log_probabilities = 3;
  return o;
}

std::vector<Session*> pointers(std::vector<Session>& sessions) {
  std::vector<Session*> all;
  for (Session& session : sessions) all.push_back(&session);
  return all;
}

// Until all have ended: the tokens of each.
std::vector<std::vector<int32_t>> tokens_of_all(std::vector<Session*> sessions) {
  std::map<Session*, std::vector<int32_t>> tokens;
  const std::vector<Session*> order = sessions;
  while (!sessions.empty()) {
    const Result<std::vector<Outcome>> next = next_of_each(sessions);
    EXPECT_TRUE(next.ok()) << next.message();
    if (!next.ok()) break;
    std::vector<Session*> left;
    for (size_t i = 0; i < sessions.size(); ++i) {
      EXPECT_TRUE((*next)[i].ok()) << (*next)[i].message();
      if (!(*next)[i].ok() || !(*next)[i]->has_value()) continue;
      tokens[sessions[i]].push_back((**(*next)[i]).id);
      left.push_back(sessions[i]);
    }
    sessions = left;
  }
  std::vector<std::vector<int32_t>> all;
  for (Session* session : order) all.push_back(tokens[session]);
  return all;
}

class Together : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!Runtime::create({.backend = GetParam()}).ok()) GTEST_SKIP() << "no " << GetParam();
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, Together, testing::Values("reference", "cpu", "vulkan"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(Together, EachGetsTheTokensThatItGetsAlone) {
  for (const char* architecture : {"maple", "llama"}) {
    const Model model = load(GetParam(), architecture);
    Result<std::vector<Session>> sessions = model.create_sessions(8, {.context = 64, .kv = KvCacheType::f32});
    ASSERT_TRUE(sessions.ok()) << sessions.message();
    std::vector<std::vector<int32_t>> alone;
    for (int i = 0; i < 8; ++i) {
      Result<Session> lone = model.create_session({.context = 64, .kv = KvCacheType::f32});
      const Result<Generation> g = lone->generate(prompt(i), options(i));
      ASSERT_TRUE(g.ok()) << g.message();
      alone.push_back(g->tokens);
      ASSERT_TRUE((*sessions)[static_cast<size_t>(i)].begin(prompt(i), options(i)).ok());
    }
    EXPECT_EQ(tokens_of_all(pointers(*sessions)), alone) << architecture;
  }
}

TEST_P(Together, OthersMayComeAndGo) {
  const Model model = load(GetParam());
  Result<std::vector<Session>> sessions = model.create_sessions(3, {.context = 64, .kv = KvCacheType::f32});
  Session &a = (*sessions)[0], &b = (*sessions)[1], &c = (*sessions)[2];
  Result<Session> lone = model.create_session({.context = 64, .kv = KvCacheType::f32});
  const Result<Generation> expected = lone->generate(prompt(1), options(3));
  ASSERT_TRUE(a.begin(prompt(1), options(3)).ok());
  std::vector<int32_t> tokens;
  for (int step = 0;; ++step) {
    if (step == 2) {
      ASSERT_TRUE(b.begin(prompt(2), options(1)).ok());
    }
    if (step == 4) {
      ASSERT_TRUE(c.begin(prompt(3), options(2)).ok());
    }
    if (step == 6) {
      ASSERT_TRUE(b.rewind(0).ok());
    }
    std::vector<Session*> now = {&a};
    if (step >= 2 && step < 6) now.push_back(&b);
    if (step >= 4) now.insert(now.begin(), &c);
    const Result<std::vector<Outcome>> next = next_of_each(now);
    const Outcome& mine = (*next)[step >= 4 ? 1 : 0];
    ASSERT_TRUE(mine.ok()) << mine.message();
    if (!mine->has_value()) break;
    tokens.push_back((**mine).id);
  }
  EXPECT_EQ(tokens, expected->tokens);
}

TEST_P(Together, WhatFailsForOneConcernsNoOther) {
  const Model model = load(GetParam());
  Result<std::vector<Session>> sessions = model.create_sessions(4, {.context = 64});
  Session &good = (*sessions)[0], &idle = (*sessions)[1], &cancelled = (*sessions)[2], &other = (*sessions)[3];
  bool wanted = true;
  GenerateOptions stoppable = options(0);
  stoppable.keep_going = [&] { return wanted; };
  ASSERT_TRUE(good.begin(prompt(0), options(0)).ok());
  ASSERT_TRUE(cancelled.begin(prompt(0), stoppable).ok());
  ASSERT_TRUE(other.begin(prompt(2), options(0)).ok());
  const std::vector<Session*> all = {&good, &idle, &cancelled, &other, &good};
  ASSERT_TRUE(next_of_each(all).ok());
  wanted = false;
  const Result<std::vector<Outcome>> next = next_of_each(all);
  ASSERT_TRUE(next.ok());
  EXPECT_TRUE((*next)[0].ok() && (*next)[0]->has_value());
  EXPECT_EQ((*next)[1].code(), StatusCode::invalid_argument) << "nothing was begun";
  EXPECT_TRUE((*next)[2].ok() && !(*next)[2]->has_value());
  EXPECT_EQ(cancelled.generation()->stop, StopReason::cancelled);
  EXPECT_TRUE((*next)[3].ok() && (*next)[3]->has_value());
  EXPECT_EQ((*next)[4].code(), StatusCode::invalid_argument) << "it is there twice";
}

TEST_P(Together, SessionsOfOthersAreEvaluatedBesideThem) {
  const Model model = load(GetParam());
  Result<std::vector<Session>> some = model.create_sessions(2, {.context = 64, .kv = KvCacheType::f32});
  Result<Session> lone = model.create_session({.context = 64, .kv = KvCacheType::f32});
  for (Session* session : {&(*some)[0], &(*some)[1], &*lone}) ASSERT_TRUE(session->begin(prompt(1), options(4)).ok());
  const auto tokens = tokens_of_all({&(*some)[0], &*lone, &(*some)[1]});
  EXPECT_EQ(tokens[0], tokens[1]);
  EXPECT_EQ(tokens[0], tokens[2]);
}

// A device that evaluates for another session until free().
class BusyDevice {
 public:
  explicit BusyDevice(const Model& model) : session_(*model.create_session({.context = 64})) {
    thread_ = std::thread([this] {
      const auto until_free = [this] {
        began_ = true;
        while (!free_) std::this_thread::yield();
        return true;
      };
      EXPECT_TRUE(session_.evaluate(prompt(0), until_free).ok());
    });
    while (!began_) std::this_thread::yield();
  }
  ~BusyDevice() {
    free();
    thread_.join();
  }
  void free() { free_ = true; }

 private:
  Session session_;
  std::atomic<bool> began_ = false, free_ = false;
  std::thread thread_;
};

TEST_P(Together, ABusyDeviceIsWaitedForUntilAllAreCancelled) {
  const Model model = load(GetParam());
  Result<std::vector<Session>> sessions = model.create_sessions(2, {.context = 64, .kv = KvCacheType::f32});
  Session &a = (*sessions)[0], &b = (*sessions)[1];
  int left_of_a = 100, left_of_b = 100;
  GenerateOptions options_of_a = options(3), options_of_b = options(3);
  options_of_a.keep_going = [&] { return --left_of_a >= 0; };
  options_of_b.keep_going = [&] { return --left_of_b >= 0; };
  ASSERT_TRUE(a.begin(prompt(1), options_of_a).ok() && b.begin(prompt(1), options_of_b).ok());
  ASSERT_TRUE(next_of_each(pointers(*sessions)).ok());
  const int64_t position = a.position();
  {
    const BusyDevice busy(model);
    left_of_a = 2, left_of_b = 5;
    const Result<std::vector<Outcome>> next = next_of_each(pointers(*sessions));
    ASSERT_TRUE(next.ok()) << next.message();
    for (const Outcome& outcome : *next) EXPECT_TRUE(outcome.ok() && !outcome->has_value()) << outcome.message();
  }
  EXPECT_EQ(left_of_a, -1) << "who has said false is asked no more";
  for (Session* session : {&a, &b}) {
    EXPECT_EQ(session->generation()->stop, StopReason::cancelled);
    EXPECT_EQ(session->position(), position);
  }
}

TEST_P(Together, ACancelOfOneEndsNoWaitForOthers) {
  const Model model = load(GetParam());
  Result<std::vector<Session>> sessions = model.create_sessions(2, {.context = 64, .kv = KvCacheType::f32});
  Session &cancelled = (*sessions)[0], &other = (*sessions)[1];
  int left = 100;
  BusyDevice* busy_with = nullptr;
  GenerateOptions stoppable = options(3);
  stoppable.keep_going = [&] {
    if (--left >= 0) return true;
    if (busy_with) busy_with->free();
    return false;
  };
  ASSERT_TRUE(cancelled.begin(prompt(1), stoppable).ok() && other.begin(prompt(1), options(3)).ok());
  ASSERT_TRUE(next_of_each(pointers(*sessions)).ok());
  BusyDevice busy(model);
  left = 3, busy_with = &busy;
  const Result<std::vector<Outcome>> next = next_of_each(pointers(*sessions));
  ASSERT_TRUE(next.ok()) << next.message();
  EXPECT_TRUE((*next)[1].ok() && (*next)[1]->has_value()) << (*next)[1].message();
  const Result<std::vector<Outcome>> after = next_of_each(pointers(*sessions));
  EXPECT_TRUE((*after)[0].ok() && !(*after)[0]->has_value());
  EXPECT_TRUE((*after)[1].ok() && (*after)[1]->has_value());
}

TEST_P(Together, LogitsAreTheSessionsOwnWhoeverRanSince) {
  const Model model = load(GetParam());
  Result<std::vector<Session>> sessions = model.create_sessions(2, {.context = 64, .kv = KvCacheType::f32});
  Session &a = (*sessions)[0], &b = (*sessions)[1];
  const GenerateOptions greedy = {.max_tokens = 3, .sampler = {.temperature = 0}, .stop_at_end = false};
  ASSERT_TRUE(a.generate(prompt(1), greedy).ok());
  ASSERT_TRUE(b.generate(prompt(2), greedy).ok());
  Result<Session> lone = model.create_session({.context = 64, .kv = KvCacheType::f32});
  ASSERT_TRUE(lone->generate(prompt(1), greedy).ok());
  const Result<std::span<const float>> logits = a.logits(), expected = lone->logits();
  ASSERT_TRUE(logits.ok() && expected.ok());
  EXPECT_TRUE(std::ranges::equal(*logits, *expected));
}

TEST_P(Together, ASavedOrForkedOneGoesOnAlone) {
  const Model model = load(GetParam());
  Result<std::vector<Session>> sessions = model.create_sessions(3, {.context = 64});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE((*sessions)[static_cast<size_t>(i)].evaluate(prompt(i)).ok());
  Session &first = (*sessions)[0], &last = (*sessions)[2];
  Result<Session> forked = last.fork();
  ASSERT_TRUE(forked.ok()) << forked.message();
  ASSERT_TRUE(first.restore(*last.save()).ok());
  const GenerateOptions greedy = {.max_tokens = 6, .sampler = {.temperature = 0}, .stop_at_end = false};
  const std::vector<int32_t> expected = last.generate({}, greedy)->tokens;
  EXPECT_EQ(forked->generate({}, greedy)->tokens, expected);
  EXPECT_EQ(first.generate({}, greedy)->tokens, expected);
  ASSERT_TRUE(last.restore(*first.save()).ok());
  EXPECT_EQ(last.position(), first.position());
}

TEST(SessionsTogether, AreRefusedWithNumbers) {
  const Model model = load("reference");
  for (const int64_t n : {int64_t{0}, int64_t{1025}}) {
    const Result<std::vector<Session>> sessions = model.create_sessions(n);
    EXPECT_EQ(sessions.code(), StatusCode::invalid_argument);
    EXPECT_NE(sessions.message().find("must be 1 to 1024"), std::string::npos) << sessions.message();
  }
  const std::vector<Session*> nobody = {nullptr};
  EXPECT_EQ(next_of_each(nobody).code(), StatusCode::invalid_argument);
  EXPECT_TRUE(next_of_each({}).ok());
}

}  // namespace
}  // namespace tritium
