// Guesses change when tokens come, never which: with them a session says and holds what it does without.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/support/available_backends.h"
#include "tests/support/made_model.h"
#include "tests/support/shared_material.h"
#include "tritium/tritium.hpp"

namespace tritium {
namespace {

Model load(const std::string& backend, const std::string& file) {
  const Result<Runtime> runtime = Runtime::create({.backend = backend});
  EXPECT_TRUE(runtime.ok()) << runtime.message();
  Result<Model> model = runtime->load(file);
  EXPECT_TRUE(model.ok()) << model.message();
  return *std::move(model);
}

// A text that repeats itself after some tokens.
std::vector<int32_t> repeating(size_t n, int32_t period) {
  std::vector<int32_t> tokens;
  for (size_t i = 0; i < n; ++i) tokens.push_back(3 + static_cast<int32_t>(i) % period * 7 % 200);
  return tokens;
}

// The logits after each token, evaluated in parts of so many.
std::vector<float> logits_in_parts(const Model& model, Activations activations, size_t part) {
  const std::vector<int32_t> tokens = repeating(90, 11);  // more than a window
  Result<Session> session = model.create_session({.context = 96, .activations = activations});
  std::vector<float> all;
  for (size_t at = 0; at < tokens.size(); at += part) {
    const auto logits = session->evaluate_all(std::span(tokens).subspan(at, std::min(part, tokens.size() - at)));
    EXPECT_TRUE(logits.ok()) << logits.message();
    all.insert(all.end(), logits->begin(), logits->end());
  }
  return all;
}

// What verified guesses rest on: no operation of a pass depends on how many tokens are in it.
TEST(Batch, LogitsDoNotDependOnWhatIsEvaluatedTogether) {
  for (const std::string& backend : available_backends())
    for (const std::string architecture : {"maple", "llama"})
      for (const Activations activations : {Activations::int8, Activations::int8_block, Activations::f32}) {
        // A device that is a program would take minutes.
        const bool device = backend.starts_with("vulkan");
        if (device && (architecture != "maple" || activations == Activations::int8_block)) continue;
        const Model model = load(backend, model_file(architecture));
        const std::vector<float> alone = logits_in_parts(model, activations, 1);
        for (const size_t part : device ? std::vector<size_t>{5, 90} : std::vector<size_t>{2, 3, 5, 8, 9, 90})
          EXPECT_EQ(logits_in_parts(model, activations, part), alone)
              << backend << " " << architecture << " " << static_cast<int>(activations) << ", " << part << " at once";
      }
}

TEST(Batch, NorDoThoseOfRealModels) {
  const auto folder = shared_file("models");
  if (!folder) GTEST_SKIP() << kNoSharedMaterial;
  for (const auto& entry : std::filesystem::directory_iterator(*folder))
    for (const char* backend : {"reference", "cpu"}) {
      const std::string file = entry.path().string();
      if (entry.path().extension() != ".gguf") continue;
      const Model model = load(backend, file);
      EXPECT_EQ(logits_in_parts(model, Activations::int8, 5), logits_in_parts(model, Activations::int8, 1))
          << backend << " " << file;
    }
}

struct Said {
  std::vector<int32_t> tokens;
  std::string text;
  StopReason stop = StopReason::max_tokens;
  int64_t position = 0;
  std::vector<int32_t> more;  // what it says next
  bool operator==(const Said&) const = default;
};

struct Limits {
  int64_t context = 160;
  int64_t max_tokens = 60;
  size_t calls = 1000;  // of the callback, until it says no
  bool stop_at_end = false;
};

Said say(const Model& model, const SamplerOptions& sampler, const Limits& limits, int64_t guess, Generation& figures) {
  Result<Session> session = model.create_session({.context = limits.context});
  Said said;
  GenerateOptions options = {.max_tokens = limits.max_tokens, .sampler = sampler, .guess = guess};
  options.stop_at_end = limits.stop_at_end;
  int64_t position = 48;
  const Result<Generation> g = session->generate(repeating(48, 12), options, [&](const GeneratedToken& token) {
    said.text += token.text;
    EXPECT_EQ(session->position(), position++);  // nothing that lies ahead is seen
    return said.tokens.push_back(token.id), said.tokens.size() < limits.calls;
  });
  EXPECT_TRUE(g.ok()) << g.message();
  EXPECT_EQ(g->tokens, said.tokens);
  said.stop = g->stop;
  said.position = session->position();
  figures.guessed += g->guessed;
  figures.accepted += g->accepted;
  if (said.position < limits.context - 8) {
    options.max_tokens = 6;
    said.more = session->generate({}, options)->tokens;
  }
  return said;
}

// Random models repeat themselves at temperature 0, and hardly ever at high ones.
const std::vector<SamplerOptions> kSamplers = {{.temperature = 0},
                                               {.temperature = 0.05f, .seed = 2},
                                               {.temperature = 0.4f, .top_k = 0, .top_p = 1, .min_p = 0, .seed = 3},
                                               {.temperature = 3, .top_k = 0, .seed = 4}};

TEST(Guess, TokensTextAndStateAreThoseWithout) {
  Generation figures;
  for (const std::string& backend : available_backends())
    for (const std::string architecture : {"maple", "llama"}) {
      const bool device = backend.starts_with("vulkan");
      if (device && architecture != "maple") continue;
      const Model model = load(backend, model_file(architecture));
      for (const SamplerOptions& sampler : kSamplers) {
        if (device && sampler.temperature > 0.1f) continue;
        Generation none;
        const Said without = say(model, sampler, {}, 0, none);
        EXPECT_EQ(none.guessed, 0);
        for (const int64_t guess : device ? std::vector<int64_t>{5} : std::vector<int64_t>{1, 3, 8, 1000})
          EXPECT_EQ(say(model, sampler, {}, guess, figures), without)
              << backend << " " << architecture << ", temperature " << sampler.temperature << ", guess " << guess;
      }
    }
  EXPECT_GT(figures.accepted, 100);
  EXPECT_GT(figures.guessed, figures.accepted);
}

TEST(Guess, EveryWayToEndIsTheSame) {
  const Model model = load("cpu", model_file("maple"));
  Generation figures;
  for (const SamplerOptions& sampler : kSamplers)
    for (const Limits& limits : {Limits{.max_tokens = 1}, Limits{.max_tokens = 2}, Limits{.max_tokens = 7},
                                 Limits{.calls = 1}, Limits{.calls = 6}, Limits{.context = 48}, Limits{.context = 49},
                                 Limits{.context = 53}, Limits{.context = 60}, Limits{.stop_at_end = true}})
      for (const int64_t guess : {1, 4, 8})
        EXPECT_EQ(say(model, sampler, limits, guess, figures), say(model, sampler, limits, 0, figures))
            << sampler.temperature << ", context " << limits.context << ", " << limits.max_tokens << " tokens, "
            << limits.calls << " calls, guess " << guess;
  EXPECT_GT(figures.accepted, 20);
}

// A model says the token that ends a text where temperature is high, sooner or later.
TEST(Guess, TheEndOfATextWithinAGuessEndsIt) {
  const Model model = load("cpu", model_file("llama"));
  Generation figures;
  int ended = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const SamplerOptions sampler = {.temperature = 2, .top_k = 0, .top_p = 1, .min_p = 0, .seed = seed};
    const Said without = say(model, sampler, {.stop_at_end = true}, 0, figures);
    ended += without.stop == StopReason::end_of_text ? 1 : 0;
    EXPECT_EQ(say(model, sampler, {.stop_at_end = true}, 8, figures), without) << seed;
  }
  EXPECT_GT(ended, 0);
}

TEST(Guess, WhatIsCancelledIsTheBeginningOfWhatWouldHaveBeen) {
  const Model model = load("cpu", model_file("llama"));
  const std::vector<int32_t> prompt = repeating(48, 12);
  GenerateOptions options = {.max_tokens = 60, .sampler = {.temperature = 0}, .stop_at_end = false};
  const std::vector<int32_t> whole = model.create_session()->generate(prompt, options)->tokens;
  options.guess = 8;
  for (int questions = 20; questions < 2000; questions = questions * 3 / 2) {
    Result<Session> session = model.create_session();
    int asked = 0;
    options.keep_going = [&] { return ++asked < questions; };
    const Result<Generation> g = session->generate(prompt, options);
    if (g.code() == StatusCode::cancelled) continue;  // within the prompt
    ASSERT_TRUE(g.ok()) << g.message();
    EXPECT_EQ(g->tokens, std::vector<int32_t>(whole.begin(), whole.begin() + std::ssize(g->tokens)));
    EXPECT_EQ(session->position(), std::ssize(prompt) + std::ssize(g->tokens) - 1);
  }
}

TEST(Guess, LessThanNoneIsRefused) {
  const Model model = load("cpu", model_file("llama"));
  EXPECT_EQ(model.create_session()->generate(repeating(4, 2), {.guess = -1}).code(), StatusCode::invalid_argument);
}

}  // namespace
}  // namespace tritium
