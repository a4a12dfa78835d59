// tritium-lab: what is trained runs from its file, in every way of evaluating it, and its keys are held to.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "model/token_work.h"
#include "tests/support/temporary_folder.h"
#include "tests/train/byte_model.h"
#include "tests/train/training_model.h"
#include "tritium/tritium.hpp"

namespace tritium {
namespace {

constexpr const char* kText = "It was the best of times, it was the worst of times, it was the age of wisdom. ";

TrainOptions training_of(const std::string& description, const TemporaryFolder& folder) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += kText;
  TrainOptions options;
  options.transformer = description;
  options.text = text;
  options.steps = 4;
  options.context = 12;
  options.batch = 4;
  options.backend = "cpu";
  options.folder = folder.file("run");
  options.output = folder.file("lab.gguf");
  return options;
}

struct LabCase {
  const char* name;
  std::string description;
};
void PrintTo(const LabCase& c, std::ostream* out) { *out << c.name; }

class Lab : public testing::TestWithParam<LabCase> {
 protected:
  Result<Model> trained(const std::string& backend) {
    if (path_.empty()) {
      const Result<TrainReport> report = train(training_of(GetParam().description, folder_));
      if (!report.ok()) return report.status();
      path_ = report->output;
    }
    Result<Runtime> runtime = Runtime::create({.backend = backend});
    return runtime.ok() ? runtime->load(path_) : Result<Model>(runtime.status());
  }

  const TemporaryFolder folder_;
  std::string path_;
};
INSTANTIATE_TEST_SUITE_P(Parts, Lab,
                         testing::Values(LabCase{"Dense", kLabDense}, LabCase{"Looped", looped(kLabDense)},
                                         LabCase{"Moe", kLabMoe}),
                         [](const auto& info) { return info.param.name; });

const std::vector<int32_t> kTokens = {73, 116, 32, 119, 97, 115, 32, 116, 104, 101};

// training itself compares the file's logits with the trainer's before it keeps the file.
TEST_P(Lab, GivesATokenTheSameLogitsAloneInABatchAndAfterARewind) {
  const Result<Model> model = trained("cpu");
  ASSERT_TRUE(model.ok()) << model.message();
  Result<Session> whole = model->create_session(), single = model->create_session();
  ASSERT_TRUE(whole.ok() && single.ok());
  const Result<std::vector<float>> all = whole->evaluate_all(kTokens);
  ASSERT_TRUE(all.ok()) << all.message();
  const size_t vocab = all->size() / kTokens.size();
  const auto row = [&](size_t t) {
    return std::vector<float>(all->begin() + static_cast<std::ptrdiff_t>(t * vocab),
                              all->begin() + static_cast<std::ptrdiff_t>((t + 1) * vocab));
  };
  const auto expect_from = [&](size_t first) {
    for (size_t t = first; t < kTokens.size(); ++t) {
      const auto logits = single->evaluate(std::span(kTokens).subspan(t, 1));
      ASSERT_TRUE(logits.ok()) << logits.message();
      EXPECT_EQ(std::vector<float>(logits->begin(), logits->end()), row(t)) << "token " << t;
    }
  };
  expect_from(0);
  ASSERT_TRUE(single->rewind(4).ok());
  expect_from(4);
}

TEST_P(Lab, GivesTheSameOnEveryBackend) {
  std::vector<float> expected;
  for (const char* backend : {"reference", "cpu", "vulkan"}) {
    const Result<Model> model = trained(backend);
    if (!model.ok() && std::string(backend) == "vulkan") continue;  // none here: said by the tests of operations
    ASSERT_TRUE(model.ok()) << model.message();
    Result<Session> session = model->create_session({.kv = KvCacheType::f32});
    ASSERT_TRUE(session.ok());
    const Result<std::vector<float>> logits = session->evaluate_all(kTokens);
    ASSERT_TRUE(logits.ok()) << logits.message();
    if (expected.empty()) expected = *logits;
    for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR((*logits)[i], expected[i], 2e-3) << backend << " " << i;
  }
}

TEST(LabKeys, OfAnotherArchitectureAreRefused) {
  const TemporaryFolder folder;
  MemoryTensorMap map = byte_model({.vocab_size = kBytes, .ternary = false});
  map.mutable_metadata().set("llama.lab.smear", true);
  const Result<ModelInfo> info = inspect_model(write_model(map, folder));
  ASSERT_FALSE(info.ok());
  EXPECT_NE(info.message().find("llama.lab.smear"), std::string::npos) << info.message();
}

// Of a token: one row of each table, weights of a layer as often as it computes.
TEST(LabWork, CountsRowsOfTablesAndLayersAsOftenAsTheyCompute) {
  const auto work_of = [](const std::string& description) {
    const Result<MemoryTensorMap> map = training::make_transformer(description, kVocabulary, 1);
    EXPECT_TRUE(map.ok()) << map.message();
    const Result<CheckedModel> model = CheckedModel::check(*map);
    EXPECT_TRUE(model.ok()) << model.message();
    return token_work(model->config(), describe_weights(*model));
  };
  const auto described = [](const std::string& more) {
    return R"({"architecture": "tritium-lab", "layers": 2, "dim": 16, "heads": 2, "ffn": 32, "tied_head": false)" +
           more + "}";
  };
  constexpr uint64_t kPadded = 8;  // floats of a vector of one
  const TokenWork plain = work_of(described(""));
  const uint64_t norm = 16 * 4, layer = (4 * 16 * 16 + 2 * 16 * 32 + 2 * 8) * 4 + 2 * norm;
  EXPECT_EQ(plain.weight_bytes, 2 * layer + norm + 16 * 4 + kVocabulary * 16 * 4);  // head, and a row of the embedding
  EXPECT_EQ(work_of(described(R"(, "layer_order": [0, 1, 0, 1, 1])")).weight_bytes, plain.weight_bytes + 3 * layer);
  EXPECT_EQ(work_of(described(R"(, "bigram_buckets": 1000, "bigram_length": 8)")).weight_bytes,
            plain.weight_bytes + (8 + 16 * 8 + kPadded) * 4);
  EXPECT_EQ(work_of(described(R"(, "ple": 8)")).weight_bytes, plain.weight_bytes + 2 * (8 + 3 * 16 * 8 + 8 + 16) * 4);
  EXPECT_EQ(work_of(described(R"(, "value_embedding_length": 8, "value_embedding_layers": [1])")).weight_bytes,
            plain.weight_bytes + (8 + 16 * 8 + 2 * kPadded) * 4);
}

struct Refused {
  const char *keys, *said;
};

TEST(LabKeys, ThatAreNotKnownAreRefused) {
  Result<MemoryTensorMap> map = training::make_transformer(kLabMoe, kVocabulary, 1);
  ASSERT_TRUE(map.ok()) << map.message();
  map->mutable_metadata().set("tritium-lab.lab.telepathy", true);
  const Result<Config> config = read_config(*map);
  EXPECT_EQ(config.code(), StatusCode::unsupported);
  EXPECT_NE(config.message().find("tritium-lab.lab.telepathy names a part"), std::string::npos) << config.message();
}

TEST(LabKeys, ThatContradictEachOtherAreRefused) {
  for (const Refused& r :
       {Refused{R"("layer_order": [0, 2, 1])", "has layer 2 before layer 1"},
        Refused{R"("layer_order": [0, 1])", "leaves out layer 2"},
        Refused{R"("bigram_buckets": 10)", "lab.bigram_buckets"},
        Refused{R"("value_embedding_length": 8)", "lab.value_embedding_layers"},
        Refused{R"("router_bias": true)", "the model has no experts"},
        Refused{R"("shared_ffn": 8)", "the model has no experts"}, Refused{R"("qk_norm": "some")", "lab.qk_norm"},
        Refused{R"("activation": "tanh")", "leaky_relu2"},
        Refused{R"("ffn_by_layer": [8, 8])", "must have one for each of the 3 layers"},
        Refused{R"("value_embedding_length": 8, "value_embedding_layers": [1, 3])", "names layer 3, the last one is 2"},
        Refused{R"("exclusive_layers": 4)", "exclusive_layers is 4, there are 3 layers"},
        Refused{R"("smear": 1)", "is no key, or not of its type"}}) {
    const std::string description =
        std::string(R"({"architecture": "tritium-lab", "layers": 3, "dim": 16, "heads": 2, )") + r.keys + "}";
    const Result<MemoryTensorMap> map = training::make_transformer(description, kVocabulary, 1);
    ASSERT_FALSE(map.ok()) << r.keys;
    EXPECT_NE(map.message().find(r.said), std::string::npos) << map.message();
  }
}

// Of a file that somebody else wrote.
TEST(LabKeys, OfAFileAreHeldToTypesLengthsAndTensors) {
  using Ids = std::vector<int64_t>;
  const struct {
    const char* key;
    MetadataValue value;
    const char* said;
  } cases[] = {
      {"lab.smear", std::string("yes"), "must be true or false"},
      {"lab.exclusive_layers", std::vector<bool>{true}, "must have one value for each of the 2 layers"},
      {"lab.value_embedding_layers", Ids{0, 2}, "has 2, must be 0 or 1"},
      {"lab.layer_order", Ids{0, 2}, "must be an array of 1 to 4096 integers of 0 to 1"},
      {"lab.layer_order", Ids{1, 0}, "has layer 1 before layer 0"},
      {"lab.logit_cap", -1.0, "is -1, must be 0 to"},
      {"lab.bigram_length", int64_t{4}, "both are 0, or there are at least 2 buckets"},
      {"lab.value_embedding_length", int64_t{4}, "names some layers where lab.value_embedding_length is above 0"},
      {"lab.qk_norm", std::string("per_token"), "supported: none, per_head, whole"},
      {"hidden_activation", std::string("tanh"), "hidden_activation"},
      {"lab.skips", true, "blk.1.skip_scale.weight"},
      {"lab.plain_feed_forward", true, "ffn_gate"},
      {"lab.router_bias", false, "ffn_gate_bias"},
      {"embedding_length_per_layer_input", int64_t{5}, "ple_embd"},
      {"lab.shared_feed_forward_length", int64_t{9}, "shexp"},
  };
  for (const auto& c : cases) {
    Result<MemoryTensorMap> map = training::make_transformer(kLabMoe, kVocabulary, 1);
    ASSERT_TRUE(map.ok()) << map.message();
    map->mutable_metadata().set(std::string("tritium-lab.") + c.key, c.value);
    const Result<CheckedModel> model = CheckedModel::check(*map);
    EXPECT_FALSE(model.ok()) << c.key;
    EXPECT_NE(model.message().find(c.said), std::string::npos) << c.key << ": " << model.message();
  }
}

TEST(LabKeys, OfMoreLayersThanAnyModelHasAreRefusedAtOnce) {
  const Result<MemoryTensorMap> map = training::make_transformer(
      R"({"architecture": "tritium-lab", "layers": 1000000000000, "dim": 16, "heads": 2, "exclusive_layers": 1})",
      kVocabulary, 1);
  ASSERT_FALSE(map.ok());
  EXPECT_NE(map.message().find("block_count is 1000000000000"), std::string::npos) << map.message();
}

TEST(LabKeys, InTheDescriptionOfAnotherArchitectureAreRefused) {
  const Result<MemoryTensorMap> map =
      training::make_transformer(R"({"architecture": "llama", "smear": true})", kVocabulary, 1);
  ASSERT_FALSE(map.ok());
  EXPECT_NE(map.message().find("\"smear\" is of architecture tritium-lab"), std::string::npos) << map.message();
}

TEST(LabRouterBias, LowersTheExpertsThatHadMoreThanTheirShare) {
  TrainingModel m(training_backend("cpu"), kLabMoe, {.balance = 0.0f, .bias_rate = 0.01f});
  m.loss(true);
  for (int layer = 0; layer < 2; ++layer) {
    const std::string name = "blk." + std::to_string(layer) + ".ffn_gate_bias.weight";
    const std::vector<float> bias = m.values_of(m.parameter(name).shadow.data),
                             load = m.values_of(m.model->routers()[static_cast<size_t>(layer)].load);
    for (size_t e = 0; e < 4; ++e)
      EXPECT_FLOAT_EQ(bias[e], load[e] > 0.25f ? -0.01f : load[e] < 0.25f ? 0.01f : 0.0f) << layer << " " << e;
  }
}

// A weight that is divided by itself is 1 whatever the router says.
TEST(LabRouter, OfOneExpertATokenLearnsUnlessItsWeightIsDividedByItself) {
  const auto learns = [](const std::string& more) {
    const std::string description =
        R"({"architecture": "tritium-lab", "dim": 24, "layers": 1, "heads": 4, "ffn": 20, "experts": 4, "context": 16, )" +
        more + "}";
    TrainingModel m(training_backend("cpu"), description, {.balance = 0.0f, .z_loss = 0.0f});
    m.loss(true);
    const std::vector<float> gradient = m.values_of(m.parameter("blk.0.ffn_gate_inp.weight").gradient);
    return std::ranges::any_of(gradient, [](float g) { return g != 0.0f; });
  };
  EXPECT_TRUE(learns(R"("top_k": 1)"));
  EXPECT_FALSE(learns(R"("top_k": 1, "norm_topk_prob": true)"));
  EXPECT_TRUE(learns(R"("top_k": 2)"));
  EXPECT_TRUE(learns(R"("top_k": 2, "norm_topk_prob": false)"));
}

TEST(LabLoops, CannotUpdateLayersOnTheirWay) {
  const TemporaryFolder folder;
  TrainOptions options = training_of(looped(kLabDense), folder);
  options.update_by_layer = true;
  options.clip = 0;
  const Result<TrainReport> report = train(options);
  ASSERT_FALSE(report.ok());
  EXPECT_NE(report.message().find("lab.layer_order"), std::string::npos) << report.message();
}

}  // namespace
}  // namespace tritium
