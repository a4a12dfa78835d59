// What GenerateOptions say beside the sampler: stop texts, log-probabilities, a full context; the sampler's text; and
// that guesses change none of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

#include "tests/support/made_model.h"
#include "tritium/tritium.hpp"

namespace tritium {
namespace {

Model load(const std::string& backend, const std::string& architecture) {
  const Result<Runtime> runtime = Runtime::create({.backend = backend, .threads = backend == "cpu" ? 2 : 0});
  EXPECT_TRUE(runtime.ok()) << runtime.message();
  Result<Model> model = runtime->load(model_file(architecture));
  EXPECT_TRUE(model.ok()) << model.message();
  return *std::move(model);
}

// A text that repeats itself, so that there is something to guess.
std::vector<int32_t> prompt_of(size_t n) {
  std::vector<int32_t> tokens = {1};
  for (size_t i = 1; i < n; ++i) tokens.push_back(70 + static_cast<int32_t>(i % 9 * 5));
  return tokens;
}

struct Written {
  Generation generation;
  std::string text;
  std::vector<size_t> text_sizes;  // with each token
  std::vector<double> log_probabilities;
  std::vector<std::vector<TokenLogProbability>> most_probable;
  int64_t position = 0;
};

Written write(const Model& model, const GenerateOptions& options, int64_t context = 256, size_t prompt = 20) {
  Result<Session> session = model.create_session({.context = context});
  EXPECT_TRUE(session.ok()) << session.message();
  Written written;
  Result<Generation> g = session->generate(prompt_of(prompt), options, [&](const GeneratedToken& token) {
    written.text += token.text;
    EXPECT_LE(session->position(), context);
    if (token.id < 0) return true;
    written.text_sizes.push_back(written.text.size());
    written.log_probabilities.push_back(token.log_probability);
    written.most_probable.emplace_back(token.most_probable.begin(), token.most_probable.end());
    return true;
  });
  EXPECT_TRUE(g.ok()) << g.message();
  written.generation = *std::move(g);
  written.position = session->position();
  return written;
}

GenerateOptions hot(int64_t n, uint64_t seed) {
  return {.max_tokens = n, .sampler = {.temperature = 3, .top_k = 0, .min_p = 0, .seed = seed}, .stop_at_end = false};
}

TEST(Stop, TheTextEndsBeforeItAndItsTokensAreInTheResult) {
  const Model model = load("cpu", "llama");
  int across_tokens = 0;
  for (uint64_t seed = 0; seed < 6; ++seed) {
    GenerateOptions options = hot(40, seed);
    const Written whole = write(model, options);
    for (size_t at = 0; at + 6 < whole.text.size(); at += 5)
      for (const size_t n : {1, 2, 4}) {
        // Whole characters: as many from a byte on that begins one.
        const auto begins = [&](size_t i) { return i >= whole.text.size() || (whole.text[i] & 0xC0) != 0x80; };
        size_t begin = at, end = at + n;
        while (!begins(begin)) ++begin;
        while (!begins(end) || end <= begin) ++end;
        options.stop = {whole.text.substr(begin, end - begin)};
        const size_t first = whole.text.find(options.stop[0]);
        const Written stopped = write(model, options);
        ASSERT_EQ(stopped.generation.stop, StopReason::stop_text);
        ASSERT_EQ(stopped.generation.stop_text, options.stop[0]);
        ASSERT_EQ(stopped.text, whole.text.substr(0, first));
        const std::vector<int32_t>& tokens = stopped.generation.tokens;
        ASSERT_TRUE(std::equal(tokens.begin(), tokens.end(), whole.generation.tokens.begin()));
        ASSERT_EQ(stopped.position, 20 + std::ssize(tokens) - 1);
        // One token fewer, and it was not there yet.
        const size_t before = tokens.size() > 1 ? whole.text_sizes[tokens.size() - 2] : 0;
        ASSERT_EQ(whole.text.substr(0, before).find(options.stop[0]), std::string::npos);
        across_tokens += before > first ? 1 : 0;
      }
  }
  EXPECT_GT(across_tokens, 5);
}

TEST(Stop, WhatWasHeldBackIsHandedOutAtTheEnd) {
  const Model model = load("cpu", "llama");
  for (uint64_t seed = 0; seed < 8; ++seed) {
    GenerateOptions options = hot(40, seed);
    const Written whole = write(model, options);
    for (const size_t n : {1, 5, 9}) options.stop.push_back(whole.text.substr(whole.text.size() - n) + "\n\n!");
    std::erase_if(options.stop, [](const std::string& s) { return (s[0] & 0x80) != 0; });
    EXPECT_EQ(write(model, options).text, whole.text);
    // Also where it ends without a token: at an end of text, of which this model has one now and then.
    options.stop_at_end = true;
    const Written ended = write(model, options);
    options.stop.clear();
    EXPECT_EQ(ended.text, write(model, options).text);
  }
}

TEST(Stop, TextsThatCannotBeFoundAreRefused) {
  const Model model = load("cpu", "llama");
  EXPECT_EQ(model.create_session()->generate(prompt_of(4), {.stop = {""}}).code(), StatusCode::invalid_argument);
}

TEST(LogProbabilities, AreThoseOfTheLogitsAndSumToOne) {
  for (const char* backend : {"reference", "cpu"}) {
    const Model model = load(backend, "llama");
    for (const float temperature : {0.0f, 2.0f}) {
      GenerateOptions options = {.max_tokens = 8, .sampler = {.temperature = temperature}, .stop_at_end = false};
      options.sampler.logit_bias = {{5, -3}};  // which they do not see
      options.log_probabilities = 10;
      const Written written = write(model, options);
      Result<Session> session = model.create_session();
      std::vector<int32_t> tokens = prompt_of(20);
      for (size_t i = 0; i < written.generation.tokens.size(); ++i) {
        const Result<std::span<const float>> logits = session->evaluate(tokens);
        ASSERT_TRUE(logits.ok());
        long double sum = 0;
        for (const float l : *logits) sum += std::exp(static_cast<long double>(l));
        std::vector<double> all;
        for (const float l : *logits) all.push_back(static_cast<double>(l - std::log(sum)));
        double one = 0;
        for (const double p : all) one += std::exp(p);
        EXPECT_NEAR(one, 1, 1e-12);
        const int32_t token = written.generation.tokens[i];
        EXPECT_NEAR(written.log_probabilities[i], all[static_cast<size_t>(token)], 1e-12);
        ASSERT_EQ(written.most_probable[i].size(), 10u);
        std::vector<double> sorted = all;
        std::ranges::sort(sorted, std::greater());
        for (size_t k = 0; k < 10; ++k) {
          EXPECT_NEAR(written.most_probable[i][k].log_probability, sorted[k], 1e-12);
          EXPECT_NEAR(all[static_cast<size_t>(written.most_probable[i][k].id)], sorted[k], 1e-12);
        }
        tokens = {token};
      }
    }
  }
}

TEST(LogProbabilities, OfLogitsAtHandAreChecked) {
  const std::vector<float> logits = {1, 2, -std::numeric_limits<float>::infinity()};
  const double log_sum = std::log(std::exp(1.0) + std::exp(2.0));
  const Result<LogProbabilities> of_first = log_probabilities(logits, 0, 64);
  ASSERT_TRUE(of_first.ok());
  EXPECT_NEAR(of_first->of_token, 1 - log_sum, 1e-15);
  ASSERT_EQ(of_first->most_probable.size(), 3u);
  EXPECT_EQ(of_first->most_probable[0].id, 1);
  EXPECT_EQ(log_probabilities(logits, 2, 0)->of_token, -std::numeric_limits<double>::infinity());
  for (const int32_t token : {-1, 3})
    EXPECT_EQ(log_probabilities(logits, token, 0).code(), StatusCode::invalid_argument);
  for (const int64_t n : {-1, 65}) EXPECT_EQ(log_probabilities(logits, 0, n).code(), StatusCode::invalid_argument);
  EXPECT_EQ(log_probabilities({}, 0, 0).code(), StatusCode::invalid_argument);
  EXPECT_EQ(log_probabilities(std::span(logits).last(1), 0, 0).code(), StatusCode::invalid_argument);
}

TEST(LogProbabilities, ChangeNoToken) {
  const Model model = load("cpu", "llama");
  for (GenerateOptions options : {hot(30, 1), GenerateOptions{.max_tokens = 30, .sampler = {.temperature = 0}}}) {
    const Written without = write(model, options);
    EXPECT_TRUE(without.most_probable[0].empty());
    options.log_probabilities = 64;
    EXPECT_EQ(write(model, options).generation.tokens, without.generation.tokens);
  }
}

// As generate() does it, with a context that is built anew from its tokens.
std::vector<int32_t> slide_by_hand(const Model& model, const GenerateOptions& options, int64_t context) {
  Sampler sampler = *Sampler::create(options.sampler);
  Result<Session> session = model.create_session({.context = context});
  std::vector<int32_t> held = prompt_of(20), written;
  for (const int32_t token : held) EXPECT_TRUE(sampler.accept(token).ok());
  std::vector<int32_t> next = held;
  while (std::ssize(written) < options.max_tokens) {
    const int32_t token = sampler.sample(*session->evaluate(next));
    written.push_back(token);
    EXPECT_TRUE(sampler.accept(token).ok());
    next = {token};
    if (std::ssize(held) == context) {
      const auto dropped = (context - options.sinks + 1) / 2;
      held.erase(held.begin() + options.sinks, held.begin() + options.sinks + dropped);
      session = model.create_session({.context = context});
      if (!held.empty()) {
        EXPECT_TRUE(session->evaluate(held).ok());
      }
    }
    held.push_back(token);
  }
  return written;
}

TEST(ContextFull, ThatSlidesGoesOnAsIfWhatIsKeptHadBeenEvaluatedAlone) {
  for (const std::string backend : {"reference", "cpu"})
    for (const std::string architecture : {"llama", "maple"}) {
      const Model model = load(backend, architecture);
      for (const auto& [context, sinks] : {std::pair{24, 4}, {33, 0}, {40, 39}, {21, 1}}) {
        if (backend == "reference" && (architecture == "maple" || context != 24)) continue;  // it is slow
        GenerateOptions options = hot(90, 3);
        options.sampler.repeat_penalty = 1.2f;  // by the whole text, not by what is left of it
        options.when_full = WhenFull::slide;
        options.sinks = sinks;
        const Written written = write(model, options, context);
        EXPECT_EQ(written.generation.tokens, slide_by_hand(model, options, context))
            << backend << " " << architecture << ", " << context << " with " << sinks;
        EXPECT_EQ(written.generation.stop, StopReason::max_tokens);
        EXPECT_GT(written.generation.slides, 0);
      }
    }
}

TEST(ContextFull, StopsOrIsAnErrorAsAsked) {
  const Model model = load("cpu", "llama");
  GenerateOptions options = hot(50, 1);
  EXPECT_EQ(write(model, options, 30).generation.stop, StopReason::context_full);
  EXPECT_EQ(write(model, options, 30).generation.tokens.size(), 11u);
  options.when_full = WhenFull::error;
  Result<Session> session = model.create_session({.context = 30});
  size_t calls = 0;
  const auto count = [&](const GeneratedToken&) { return ++calls > 0; };
  const Result<Generation> g = session->generate(prompt_of(20), options, count);
  EXPECT_EQ(g.code(), StatusCode::out_of_memory);
  EXPECT_NE(g.message().find("the context of 30 tokens is full after 11"), std::string::npos) << g.message();
  EXPECT_EQ(calls, 11u);
  options.max_tokens = 11;  // as many as fit are no error
  EXPECT_EQ(write(model, options, 30).generation.stop, StopReason::max_tokens);
}

TEST(ContextFull, ASlideThatIsCancelledLeavesTheFirstTokens) {
  const Model model = load("cpu", "llama");
  GenerateOptions options = hot(50, 1);
  options.when_full = WhenFull::slide;
  bool go_on = true;
  options.keep_going = [&] { return go_on; };
  Result<Session> session = model.create_session({.context = 30});
  const Result<Generation> g = session->generate(prompt_of(20), options, [&](const GeneratedToken&) {
    if (session->position() == 30) go_on = false;
    if (!go_on) std::this_thread::sleep_for(std::chrono::milliseconds(20));  // it is not asked all the time
    return true;
  });
  ASSERT_TRUE(g.ok()) << g.message();
  EXPECT_EQ(g->stop, StopReason::cancelled);
  EXPECT_EQ(g->tokens.size(), 11u);
  EXPECT_EQ(session->position(), 4);
  // They are as they were: what follows them is what follows them elsewhere.
  Result<Session> other = model.create_session({.context = 30});
  ASSERT_TRUE(other->evaluate(prompt_of(4)).ok());
  EXPECT_EQ(session->generate(prompt_of(6), hot(9, 2))->tokens, other->generate(prompt_of(6), hot(9, 2))->tokens);
}

TEST(Generate, TheSamplerKnowsThePromptAndWhatTheSessionHas) {
  const Model model = load("cpu", "llama");
  GenerateOptions options = {.max_tokens = 12, .sampler = {.temperature = 0}, .stop_at_end = false};
  options.sampler.presence_penalty = 1000;
  options.sampler.penalty_last_n = -1;
  Result<Session> session = model.create_session();
  ASSERT_TRUE(session->evaluate(prompt_of(8)).ok());
  std::vector<int32_t> all = prompt_of(8);
  const std::vector<int32_t> prompt = {100, 101};
  all.insert(all.end(), prompt.begin(), prompt.end());
  const std::vector<int32_t> written = session->generate(prompt, options)->tokens;
  for (const int32_t token : written) {
    EXPECT_EQ(std::ranges::count(all, token), 0);
    all.push_back(token);
  }
  EXPECT_EQ(all.size(), 22u);
}

TEST(Generate, GuessesChangeNothingWithAnyOption) {
  std::vector<std::pair<const char*, GenerateOptions>> cases;
  const auto add = [&](const char* name, const auto& set) {
    GenerateOptions options = {.max_tokens = 60, .sampler = {.temperature = 0.3f, .seed = 5}, .stop_at_end = false};
    set(options);
    cases.emplace_back(name, options);
  };
  add("penalties", [](GenerateOptions& o) { o.sampler.repeat_penalty = 1.05f, o.sampler.temperature = 0; });
  add("DRY", [](GenerateOptions& o) { o.sampler.dry_multiplier = 0.1f, o.sampler.dry_allowed_length = 4; });
  add("bias", [](GenerateOptions& o) { o.sampler.logit_bias = {{75, 1.0f}, {80, -INFINITY}}; });
  add("typical, XTC", [](GenerateOptions& o) { o.sampler.typical_p = 0.9f, o.sampler.xtc_probability = 0.2f; });
  add("mirostat", [](GenerateOptions& o) { o.sampler.mirostat = 2, o.sampler.mirostat_tau = 0.5f; });
  add("top_n_sigma", [](GenerateOptions& o) { o.sampler.top_n_sigma = 1.5f; });
  add("log-probabilities", [](GenerateOptions& o) { o.log_probabilities = 5, o.sampler.temperature = 0; });
  add("slide", [](GenerateOptions& o) { o.when_full = WhenFull::slide, o.max_tokens = 150, o.log_probabilities = 1; });
  int64_t accepted = 0;
  for (const char* backend : {"reference", "cpu"}) {
    const Model model = load(backend, "llama");
    for (auto [name, options] : cases) {
      const bool reference = std::string_view(backend) == "reference";
      if (reference && !options.sampler.mirostat && options.when_full != WhenFull::slide) continue;  // it is slow
      const Written without = write(model, options, 100, 40);
      options.guess = 6;
      const Written with = write(model, options, 100, 40);
      accepted += with.generation.accepted;
      EXPECT_EQ(with.generation.tokens, without.generation.tokens) << backend << ", " << name;
      EXPECT_EQ(with.text, without.text) << backend << ", " << name;
      EXPECT_EQ(with.log_probabilities, without.log_probabilities) << backend << ", " << name;
      EXPECT_EQ(with.position, without.position) << backend << ", " << name;
    }
  }
  EXPECT_GT(accepted, 20);
}

TEST(Generate, ARandomSeedIsToldAndGivesTheSameTokensAgain) {
  const Model model = load("cpu", "llama");
  const Written one = write(model, hot(30, kRandomSeed)), other = write(model, hot(30, kRandomSeed));
  EXPECT_NE(one.generation.tokens, other.generation.tokens);
  EXPECT_EQ(write(model, hot(30, one.generation.seed)).generation.tokens, one.generation.tokens);
  EXPECT_EQ(write(model, hot(30, 7)).generation.seed, 7u);
}

TEST(Generate, ValuesThatTheModelOrTheContextCannotTakeAreRefused) {
  const Model model = load("cpu", "llama");
  const auto code = [&](const GenerateOptions& options) {
    return model.create_session({.context = 30})->generate(prompt_of(4), options).code();
  };
  EXPECT_EQ(code({.log_probabilities = -1}), StatusCode::invalid_argument);
  EXPECT_EQ(code({.log_probabilities = 65}), StatusCode::invalid_argument);
  EXPECT_EQ(code({.when_full = WhenFull::slide, .sinks = 30}), StatusCode::invalid_argument);
  EXPECT_EQ(code({.when_full = WhenFull::slide, .sinks = -1}), StatusCode::invalid_argument);
  EXPECT_EQ(code({.sampler = {.logit_bias = {{1 << 20, 1.0f}}}}), StatusCode::invalid_argument);
  EXPECT_EQ(code({.sampler = {.typical_p = 2}}), StatusCode::invalid_argument);
}

}  // namespace
}  // namespace tritium
