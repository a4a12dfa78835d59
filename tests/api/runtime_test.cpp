// The public API as an application uses it, on a generated model file.
#include "tritium/tritium.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <set>
#include <thread>

#include "tritium/debug.hpp"

namespace tritium {
namespace {

// A generated model, made once for the program and removed at its end.
class ModelFile {
 public:
  ModelFile()
      : path_((std::filesystem::temp_directory_path() / ("tritium-runtime-test-" + std::to_string(getpid()) + ".gguf"))
                  .string()) {
    EXPECT_EQ(std::system((std::string(TRITIUM_MAKE_MODEL) + " " + path_).c_str()), 0);
  }
  ~ModelFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

const std::string& model_file() {
  static const ModelFile file;
  return file.path();
}

Model load(const RuntimeOptions& options = {.backend = "cpu"}) {
  Result<Runtime> runtime = Runtime::create(options);
  EXPECT_TRUE(runtime.ok()) << runtime.message();
  Result<Model> model = runtime->load(model_file());
  EXPECT_TRUE(model.ok()) << model.message();
  return *std::move(model);
}

TEST(Runtime, AnUnknownBackendIsAnErrorThatListsTheKnownOnes) {
  const Result<Runtime> runtime = Runtime::create({.backend = "cuda"});
  ASSERT_FALSE(runtime.ok());
  EXPECT_EQ(runtime.code(), StatusCode::invalid_argument);
  EXPECT_NE(runtime.message().find("auto, reference, cpu, vulkan"), std::string::npos) << runtime.message();
}

TEST(Runtime, AutoAlwaysGivesABackendAndNeverASoftwareDevice) {
  const Result<Runtime> runtime = Runtime::create();
  ASSERT_TRUE(runtime.ok()) << runtime.message();
  for (const DeviceInfo& d : list_devices()) {
    EXPECT_EQ(d.chosen_by_auto, d.backend == runtime->backend()) << d.backend;
    if (d.backend == runtime->backend()) {
      EXPECT_FALSE(d.software);
    }
  }
}

TEST(Runtime, HandlesKeepAliveWhatTheyNeed) {
  Result<Session> session = Status(StatusCode::internal, "none yet");
  {
    const Model model = load();
    session = model.create_session();
    ASSERT_TRUE(session.ok()) << session.message();
  }
  const std::vector<int32_t> tokens = {1, 2, 3};
  EXPECT_TRUE(session->evaluate(tokens).ok());
}

TEST(Runtime, LoadingCanBeCancelled) {
  Result<Runtime> runtime = Runtime::create({.backend = "cpu"});
  ASSERT_TRUE(runtime.ok());
  const Result<Model> model = runtime->load(model_file(), {.progress = [](double) { return false; }});
  EXPECT_EQ(model.code(), StatusCode::cancelled);
}

TEST(Session, ATokenOutOfRangeIsRefusedAndChangesNothing) {
  Result<Session> session = load().create_session();
  ASSERT_TRUE(session.ok());
  const std::vector<int32_t> good = {1, 2}, bad = {3, 259}, negative = {-1};
  ASSERT_TRUE(session->evaluate(good).ok());
  EXPECT_EQ(session->evaluate(bad).code(), StatusCode::invalid_argument);
  EXPECT_EQ(session->evaluate(negative).code(), StatusCode::invalid_argument);
  EXPECT_EQ(session->evaluate({}).code(), StatusCode::invalid_argument);
  EXPECT_EQ(session->position(), 2);
}

TEST(Session, AFullContextIsAnErrorAndEndsAGeneration) {
  Result<Session> session = load().create_session({.context = 8});
  ASSERT_TRUE(session.ok());
  const std::vector<int32_t> prompt = {1, 2, 3};
  const Result<Generation> g =
      session->generate(prompt, {.max_tokens = 100, .sampler = {.temperature = 0}, .stop_at_end = false});
  ASSERT_TRUE(g.ok()) << g.message();
  EXPECT_EQ(g->stop, StopReason::context_full);
  EXPECT_EQ(g->tokens.size(), 6u);  // the last one is sampled from the eighth position
  EXPECT_EQ(session->evaluate(prompt).code(), StatusCode::invalid_argument);
}

TEST(Session, RewindingAndSayingTheSameAgainGivesTheSameLogits) {
  Result<Session> session = load().create_session();
  ASSERT_TRUE(session.ok());
  const std::vector<int32_t> tokens = {1, 70, 80, 90, 100};
  const auto first = session->evaluate(tokens);
  ASSERT_TRUE(first.ok());
  const std::vector<float> before(first->begin(), first->end());
  ASSERT_TRUE(session->rewind(2).ok());
  const auto again = session->evaluate(std::span(tokens).subspan(2));
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(std::ranges::equal(before, *again));
  EXPECT_EQ(session->rewind(6).code(), StatusCode::invalid_argument);
}

TEST(Session, BatchesOfAnySizeGiveTheSameLogits) {
  const Model model = load();
  std::vector<int32_t> tokens;
  for (int32_t i = 0; i < 50; ++i) tokens.push_back((i * 31 + 1) % 259);
  std::vector<float> expected;
  for (int64_t batch : {1, 7, 50, 128, 0}) {
    Result<Session> session = model.create_session({.batch = batch});
    ASSERT_TRUE(session.ok());
    const Result<std::vector<float>> logits = session->evaluate_all(tokens);
    ASSERT_TRUE(logits.ok()) << logits.message();
    if (expected.empty()) expected = *logits;
    EXPECT_EQ(*logits, expected) << "batch " << batch;
  }
}

TEST(Session, SessionsOfOneModelWorkFromSeveralThreads) {
  const Model model = load();
  const std::vector<int32_t> prompt = {1, 9, 77};
  std::vector<std::vector<int32_t>> results(4);
  {
    std::vector<std::jthread> threads;
    for (auto& result : results)
      threads.emplace_back([&] {
        Result<Session> session = model.create_session();
        result = session->generate(prompt, {.max_tokens = 20, .sampler = {.temperature = 0}})->tokens;
      });
  }
  for (const auto& result : results) EXPECT_EQ(result, results.front());
  EXPECT_FALSE(results.front().empty());
}

// At temperature 0 the device finds the tokens, and the logits stay there.
TEST(Session, GreedyTokensAreTheMostProbableOnesAndTheirLogitsAreNotLost) {
  for (const char* backend : {"reference", "cpu"}) {
    const Model model = load({.backend = backend});
    const std::vector<int32_t> prompt = {1, 9, 77, 12, 200};
    Result<Session> session = model.create_session({.batch = 3}), stepwise = model.create_session();
    ASSERT_TRUE(session.ok() && stepwise.ok());
    const GenerateOptions greedy = {.max_tokens = 20, .sampler = {.temperature = 0}, .stop_at_end = false};
    const Result<Generation> g = session->generate(prompt, greedy);
    ASSERT_TRUE(g.ok()) << g.message();
    Sampler sampler = *Sampler::create(greedy.sampler);
    std::vector<int32_t> expected, tokens = prompt;
    for (int i = 0; i < 20; ++i) {
      tokens = {sampler.sample(*stepwise->evaluate(tokens))};
      expected.push_back(tokens[0]);
    }
    EXPECT_EQ(g->tokens, expected);

    // Without a prompt both go on from the same logits; those of all rows include the last one's.
    const GenerateOptions warm = {.max_tokens = 1, .sampler = {.temperature = 5, .top_k = 0, .seed = 3}};
    EXPECT_EQ(session->generate({}, warm)->tokens, stepwise->generate({}, warm)->tokens);
    ASSERT_TRUE(session->evaluate_all(prompt).ok() && stepwise->evaluate(prompt).ok());
    EXPECT_EQ(session->generate({}, warm)->tokens, stepwise->generate({}, warm)->tokens);
  }
}

TEST(Session, TheSameSeedGivesTheSameTokensAndAnotherSeedOthers) {
  const Model model = load();
  const auto tokens = [&](uint64_t seed) {
    Result<Session> session = model.create_session();
    const std::vector<int32_t> prompt = {1};
    return session->generate(prompt, {.max_tokens = 30, .sampler = {.temperature = 1.0f, .seed = seed}})->tokens;
  };
  EXPECT_EQ(tokens(5), tokens(5));
  EXPECT_NE(tokens(5), tokens(6));
}

TEST(Session, ACallbackThatSaysNoEndsTheGeneration) {
  Result<Session> session = load().create_session();
  ASSERT_TRUE(session.ok());
  const std::vector<int32_t> prompt = {1};
  int calls = 0;
  const auto g = session->generate(prompt, {.max_tokens = 50}, [&](const GeneratedToken&) { return ++calls < 3; });
  ASSERT_TRUE(g.ok());
  EXPECT_EQ(g->stop, StopReason::cancelled);
  EXPECT_EQ(g->tokens.size(), 3u);
}

TEST(Model, ANonsensicalSessionIsRefused) {
  const Model model = load();
  EXPECT_EQ(model.create_session({.context = 100000}).code(), StatusCode::invalid_argument);
  EXPECT_EQ(model.create_session({.context = -1}).code(), StatusCode::invalid_argument);
  EXPECT_EQ(model.create_session({.batch = -1}).code(), StatusCode::invalid_argument);
}

// Evaluation scores each token but the first exactly once, whatever the windows: with a window as long as the text the
// result is the plain average over one pass.
TEST(Evaluate, EveryTokenIsScoredOnceWhateverTheWindow) {
  const Model model = load();
  const std::string text = "The quick brown fox jumps over the lazy dog, again and again and again.";
  const auto tokens = model.tokenize(text);
  ASSERT_TRUE(tokens.ok());
  for (const auto& [window, stride] : {std::pair<int64_t, int64_t>{2, 1}, {8, 3}, {16, 15}, {16, 8}, {500, 100}}) {
    const Result<Evaluation> e = model.evaluate(text, {.window = window, .stride = stride});
    ASSERT_TRUE(e.ok()) << e.message();
    EXPECT_EQ(e->tokens, static_cast<int64_t>(tokens->size()) - 1);
    EXPECT_EQ(e->bytes, static_cast<int64_t>(text.size()));
    EXPECT_NEAR(e->perplexity, std::exp(e->nll), 1e-9 * e->perplexity);
  }
}

TEST(Evaluate, AWindowOverTheWholeTextIsTheMeanOfOnePass) {
  const Model model = load();
  const std::string text = "abcabcabcabcabc xyz";
  const auto tokens = model.tokenize(text);
  ASSERT_TRUE(tokens.ok());
  Result<Session> session = model.create_session();
  const Result<std::vector<float>> logits = session->evaluate_all(*tokens);
  ASSERT_TRUE(logits.ok());
  double nll = 0;
  for (size_t t = 0; t + 1 < tokens->size(); ++t) {
    double sum = 0;
    const auto row = std::span(*logits).subspan(t * 259, 259);
    for (float l : row) sum += std::exp(double{l});
    nll += std::log(sum) - row[static_cast<size_t>((*tokens)[t + 1])];
  }
  const Result<Evaluation> e = model.evaluate(text, {.window = 100, .stride = 50});
  ASSERT_TRUE(e.ok()) << e.message();
  EXPECT_NEAR(e->nll, nll / static_cast<double>(tokens->size() - 1), 1e-5);
}

// nats of tokens[at] after those of its window before it, from a session of its own.
double score_of(const Model& model, std::span<const int32_t> tokens, int64_t at, int64_t window, int64_t stride) {
  const int64_t n = std::ssize(tokens);
  // Tokens of the first window see all before them; of a later one, which scores `stride`, those from its beginning.
  const int64_t later = at < window ? 0 : (at - window) / stride + 1;
  const int64_t begin = later == 0 ? 0 : std::min(n, window + later * stride) - window;
  Result<Session> session = model.create_session({.kv = KvCacheType::f32});
  EXPECT_TRUE(session.ok()) << session.message();
  const auto logits = session->evaluate(tokens.subspan(static_cast<size_t>(begin), static_cast<size_t>(at - begin)));
  EXPECT_TRUE(logits.ok()) << logits.message();
  double sum = 0;
  for (float l : *logits) sum += std::exp(double{l});
  return std::log(sum) - (*logits)[static_cast<size_t>(tokens[static_cast<size_t>(at)])];
}

TEST(Evaluate, IsTheSumOfScoresThatAreComputedOneByOne) {
  const Model model = load();
  for (const std::string text : {"ab", "The quick brown fox jumps over it"}) {
    const auto tokens = model.tokenize(text);
    ASSERT_TRUE(tokens.ok());
    for (const auto& [window, stride] : {std::pair<int64_t, int64_t>{2, 1}, {8, 3}, {16, 15}, {11, 5}, {33, 7}}) {
      double nats = 0;
      for (int64_t t = 1; t < std::ssize(*tokens); ++t) nats += score_of(model, *tokens, t, window, stride);
      const Result<Evaluation> e = model.evaluate(text, {.window = window, .stride = stride, .kv = KvCacheType::f32});
      ASSERT_TRUE(e.ok()) << e.message();
      EXPECT_NEAR(e->nll * static_cast<double>(e->tokens), nats, 1e-4) << window << " " << stride;
    }
  }
}

TEST(Evaluate, ATextTooShortToScoreIsRefused) { EXPECT_EQ(load().evaluate("").code(), StatusCode::invalid_argument); }

TEST(Version, IsThatOfTheHeaders) {
  int major = 0, minor = 0, patch = 0;
  ASSERT_EQ(std::sscanf(version().c_str(), "%d.%d.%d", &major, &minor, &patch), 3) << version();
  EXPECT_EQ(major * 10000 + minor * 100 + patch, TRITIUM_VERSION);
}

// Whatever differs within its bound goes on from the values that it is compared with.
TEST(Compare, StartsEveryOperationFromTheOthersValues) {
  const std::vector<int32_t> tokens = {1, 40, 7};
  const Result<Runtime> watched = Runtime::create({.backend = "cpu"}, {.compare_with = "reference"});
  ASSERT_TRUE(watched.ok()) << watched.message();
  const Result<Model> model = watched->load(model_file());
  ASSERT_TRUE(model.ok()) << model.message();
  Result<Session> session = model->create_session();
  Result<Session> reference = load({.backend = "reference"}).create_session();
  ASSERT_TRUE(session.ok() && reference.ok());
  const Result<std::vector<float>> logits = session->evaluate_all(tokens);
  ASSERT_TRUE(logits.ok()) << logits.message();
  EXPECT_EQ(*logits, *reference->evaluate_all(tokens));
}

TEST(Compare, ABackendThatIsNotThereIsAnError) {
  EXPECT_EQ(Runtime::create({.backend = "cpu"}, {.compare_with = "abacus"}).code(), StatusCode::invalid_argument);
  EXPECT_EQ(Runtime::create({.backend = "cpu"}, {.capture_file = "x.rdc"}).code(), StatusCode::invalid_argument);
}

TEST(Profile, CountsTheOperationsAlsoBesideAnotherBackend) {
  for (const char* beside : {"", "reference"}) {
    const Result<Runtime> runtime = Runtime::create({.backend = "cpu"}, {.compare_with = beside, .profile = true});
    ASSERT_TRUE(runtime.ok()) << runtime.message();
    const Result<Model> model = runtime->load(model_file());
    ASSERT_TRUE(model.ok()) << model.message();
    Result<Session> session = model->create_session();
    ASSERT_TRUE(session.ok()) << session.message();
    const std::vector<int32_t> tokens = {1, 40, 7};
    ASSERT_TRUE(session->evaluate(tokens).ok());
    const std::vector<ProfileEntry> profile = runtime->profile();
    const auto attention = std::ranges::find(profile, "attention", &ProfileEntry::operation);
    ASSERT_NE(attention, profile.end());
    EXPECT_EQ(attention->calls, model->info().n_layers);
    EXPECT_GT(profile.front().seconds, 0.0);
  }
  EXPECT_TRUE(Runtime::create({.backend = "cpu"})->profile().empty());
}

TEST(Profile, DoesNotGoWithACapture) {
  const Result<Runtime> runtime =
      Runtime::create({.backend = "vulkan"}, {.capture_file = "never.rdc", .profile = true});
  EXPECT_EQ(runtime.code(), StatusCode::invalid_argument);
  EXPECT_NE(runtime.message().find("profile"), std::string::npos) << runtime.message();
}

TEST(WriteNpy, AShapeWhoseSizeWrapsIsRefused) {
  for (const auto& shape :
       {std::vector<int64_t>{int64_t{1} << 62, 4}, {-1, 0}, {int64_t{1} << 32, int64_t{1} << 32, 1}})
    EXPECT_EQ(write_npy("never.npy", {}, shape).code(), StatusCode::invalid_argument);
}

TEST(Inspect, TellsTheSizesWithoutLoading) {
  const Result<ModelInfo> info = inspect_model(model_file());
  ASSERT_TRUE(info.ok()) << info.message();
  EXPECT_EQ(info->architecture, "maple");
  EXPECT_EQ(info->n_experts, 8);
  EXPECT_TRUE(info->has_tokenizer);
  EXPECT_GT(info->parameters, info->active_parameters);
  EXPECT_EQ(info->memory.size(), 3u);
}

}  // namespace
}  // namespace tritium
