// Adapters that sessions take on and off: each session as if its model had been loaded with that one alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "format/gguf.h"
#include "tests/support/available_backends.h"
#include "tests/support/temporary_folder.h"
#include "tritium/tritium.hpp"

namespace tritium {
namespace {

const std::vector<int32_t> kPrompt = {1, 9, 77, 12, 200};

std::vector<std::byte> numbers(int64_t n, float scale, uint32_t seed) {
  std::vector<float> values(static_cast<size_t>(n));
  for (float& v : values) {
    seed = seed * 1664525u + 1013904223u;
    v = scale * (static_cast<float>(seed >> 8) / static_cast<float>(1 << 23) - 1);
  }
  std::vector<std::byte> bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

class Adapters : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    path = folder.file("model.gguf");
    ASSERT_EQ(std::system((std::string(TRITIUM_MAKE_MODEL) + " " + path + " maple").c_str()), 0);
    for (uint32_t seed : {1u, 2u}) write_adapter(folder.file("adapter" + std::to_string(seed) + ".gguf"), seed);
  }

  // Of two matrices of attention and the experts' first one, by rank 3.
  void write_adapter(const std::string& to, uint32_t seed) const {
    constexpr int64_t kRank = 3;
    const ModelInfo info = *inspect_model(path);
    Metadata metadata;
    metadata.set("general.architecture", info.architecture);
    metadata.set("general.type", std::string("adapter"));
    metadata.set("adapter.type", std::string("lora"));
    std::vector<GgufTensor> tensors;
    for (const ModelTensor& t : info.tensors) {
      const bool wanted = t.name.ends_with("attn_q.weight") || t.name.ends_with("attn_output.weight") ||
                          t.name.ends_with("ffn_up_exps.weight");
      if (!wanted) continue;
      std::vector<int64_t> a = t.shape, b = t.shape;
      a[a.size() - 2] = b.back() = kRank;
      int64_t n_a = 1, n_b = 1;
      for (const int64_t n : a) n_a *= n;
      for (const int64_t n : b) n_b *= n;
      tensors.push_back(
          {.name = t.name + ".lora_a", .type = StorageType::f32, .shape = a, .bytes = numbers(n_a, 0.3f, ++seed)});
      tensors.push_back(
          {.name = t.name + ".lora_b", .type = StorageType::f32, .shape = b, .bytes = numbers(n_b, 0.3f, ++seed)});
    }
    ASSERT_FALSE(tensors.empty());
    ASSERT_TRUE(write_gguf(to, metadata, tensors).ok());
  }

  std::string adapter_file(int i) const { return folder.file("adapter" + std::to_string(i) + ".gguf"); }
  Model load(const LoadOptions& options = {}) const {
    const Result<Model> model = Runtime::create({.backend = GetParam(), .threads = 2})->load(path, options);
    EXPECT_TRUE(model.ok()) << model.message();
    return *model;
  }
  // Of a model that has the adapter from the start.
  std::vector<float> expected(const std::optional<int>& adapter, double strength = 1) const {
    Result<Session> session =
        load({.adapter = adapter ? adapter_file(*adapter) : "", .adapter_strength = strength}).create_session();
    const std::span<const float> logits = *session->evaluate(kPrompt);
    return {logits.begin(), logits.end()};
  }

  TemporaryFolder folder;
  std::string path;
};

std::vector<float> anew(Session& session) {
  EXPECT_TRUE(session.rewind(0).ok());
  const Result<std::span<const float>> logits = session.evaluate(kPrompt);
  EXPECT_TRUE(logits.ok()) << logits.message();
  return {logits->begin(), logits->end()};
}

TEST_P(Adapters, AreTakenOnAndOff) {
  const Model model = load();
  const Result<Adapter> one = model.load_adapter(adapter_file(1)), two = model.load_adapter(adapter_file(2));
  ASSERT_TRUE(one.ok() && two.ok()) << one.message() << two.message();
  Result<Session> session = model.create_session();
  EXPECT_EQ(anew(*session), expected({}));
  ASSERT_TRUE(session->attach(*one).ok());
  EXPECT_EQ(anew(*session), expected(1));
  ASSERT_TRUE(session->attach(*two, 0.5).ok());
  EXPECT_EQ(anew(*session), expected(2, 0.5));
  ASSERT_TRUE(session->detach().ok());
  EXPECT_EQ(anew(*session), expected({}));
  EXPECT_NE(expected(1), expected({}));
  EXPECT_NE(expected(1), expected(2));
}

TEST_P(Adapters, EachSessionHasItsOwn) {
  const Model model = load();
  std::optional<Result<Adapter>> one = model.load_adapter(adapter_file(1));
  Result<Session> with = model.create_session(), without = model.create_session();
  ASSERT_TRUE(with->attach(**one).ok());
  one.reset();  // the session keeps it
  EXPECT_EQ(anew(*with), expected(1));
  EXPECT_EQ(anew(*without), expected({}));
  EXPECT_EQ(anew(*with), expected(1));
}

// Passes that tell the experts are recorded anew, too.
TEST_P(Adapters, ChangeWhichExpertsAreTold) {
  const auto told = [](Session& session) {
    std::vector<int32_t> experts;
    EXPECT_TRUE(session.rewind(0).ok());
    const GenerateOptions options = {
        .max_tokens = 8, .sampler = {.temperature = 0}, .stop_at_end = false, .experts = true};
    const Result<Generation> g = session.generate(kPrompt, options, [&](const GeneratedToken& token) {
      experts.insert(experts.end(), token.experts.begin(), token.experts.end());
      return true;
    });
    EXPECT_TRUE(g.ok()) << g.message();
    return experts;
  };
  const Model model = load(), adapted = load({.adapter = adapter_file(1)});
  const Result<Adapter> one = model.load_adapter(adapter_file(1));
  Result<Session> session = model.create_session(), always = adapted.create_session();
  const std::vector<int32_t> without = told(*session);
  ASSERT_TRUE(session->attach(*one).ok());
  EXPECT_EQ(told(*session), told(*always));
  EXPECT_NE(told(*session), without);
  ASSERT_TRUE(session->detach().ok());
  EXPECT_EQ(told(*session), without);
}

TEST_P(Adapters, OfTheLoadOptionsAreWhatSessionsBeginWith) {
  const Model model = load({.adapter = adapter_file(1), .adapter_strength = 2});
  Result<Session> session = model.create_session();
  EXPECT_EQ(anew(*session), expected(1, 2));
  ASSERT_TRUE(session->attach(*model.load_adapter(adapter_file(2))).ok());
  EXPECT_EQ(anew(*session), expected(2));
  ASSERT_TRUE(session->detach().ok());
  EXPECT_EQ(anew(*session), expected({}));
}

TEST_P(Adapters, LeaveWhatWasEvaluatedAsItIs) {
  const Model model = load();
  const Result<Adapter> one = model.load_adapter(adapter_file(1));
  const std::vector<int32_t> more = {7, 8};
  Result<Session> session = model.create_session(), adapted = model.create_session();
  ASSERT_TRUE(session->evaluate(kPrompt).ok());
  ASSERT_TRUE(session->attach(*one).ok());
  EXPECT_EQ(session->position(), 5);
  ASSERT_TRUE(adapted->attach(*one).ok());
  ASSERT_TRUE(adapted->evaluate(kPrompt).ok());
  const std::span<const float> after_plain = *session->evaluate(more), after_adapted = *adapted->evaluate(more);
  EXPECT_FALSE(std::ranges::equal(after_plain, after_adapted));
}

TEST_P(Adapters, StayWithForksAndThroughParking) {
  const Model model = load();
  Result<Session> session = model.create_session();
  ASSERT_TRUE(session->attach(*model.load_adapter(adapter_file(1)), 0.7).ok());
  Result<Session> fork = session->fork();
  ASSERT_TRUE(model.park().ok());
  EXPECT_EQ(anew(*session), expected(1, 0.7));
  EXPECT_EQ(anew(*fork), expected(1, 0.7));
}

TEST_P(Adapters, AreSharedBySessionsThatWereMadeTogether) {
  const Model model = load();
  Result<std::vector<Session>> pair = model.create_sessions(2);
  ASSERT_TRUE(pair->front().attach(*model.load_adapter(adapter_file(1))).ok());
  EXPECT_EQ(anew(pair->front()), expected(1));
  EXPECT_EQ(anew(pair->back()), expected(1));
}

TEST_P(Adapters, ThatDoNotBelongHereAreRefused) {
  const Model model = load();
  Result<Session> session = model.create_session();
  EXPECT_EQ(session->attach(*load().load_adapter(adapter_file(1))).code(), StatusCode::invalid_argument);
  const Result<Adapter> one = model.load_adapter(adapter_file(1));
  EXPECT_EQ(session->attach(*one, std::numeric_limits<double>::quiet_NaN()).code(), StatusCode::invalid_argument);
  EXPECT_EQ(model.load_adapter(path).code(), StatusCode::invalid_argument);
  EXPECT_EQ(model.load_adapter(folder.file("nothing")).code(), StatusCode::not_found);
  EXPECT_EQ(model.load_adapter(adapter_file(1), [] { return false; }).code(), StatusCode::cancelled);
  EXPECT_EQ(anew(*session), expected({}));
}

INSTANTIATE_TEST_SUITE_P(Backends, Adapters, ::testing::ValuesIn(available_backends()), backend_test_name);

}  // namespace
}  // namespace tritium
