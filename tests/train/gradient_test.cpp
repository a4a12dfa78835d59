// Gradients of a whole model: on the reference against finite differences in double precision of the surrogate, on the
// other backends against the reference.
#include <cmath>
#include <ostream>

#include "base/format_text.h"
#include "tests/support/random_model.h"
#include "tests/train/surrogate.h"
#include "tests/train/training_model.h"

namespace tritium {
namespace {

using training::BitLinear;
using training::Recipe;

struct Case {
  std::string name;
  std::string description;  // or, with per_layer, an architecture
  Recipe recipe;
  std::map<std::string, std::vector<int64_t>> per_layer = {};  // instead of a description: layers that differ
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

// Layers of different heads and widths.
std::map<std::string, std::vector<int64_t>> uneven(const char* width_key) {
  return {{"attention.head_count", {4, 3}},
          {"attention.head_count_kv", {2, 3}},
          {"attention.key_length", {8, 4}},
          {"attention.value_length", {4, 12}},
          {width_key, {20, 33}}};
}

std::vector<Case> gradient_cases() {
  Recipe ternary{.balance = 0.05f, .z_loss = 0.02f};
  Recipe full = ternary;
  full.attention = full.feed_forward = WeightMode::full;
  full.int8_activations = false;
  Recipe floats = ternary;
  floats.int8_activations = false;
  floats.scale_sync = ScaleSync::per_block;
  Recipe integers = ternary;
  integers.attention = WeightMode::int8;
  integers.feed_forward = WeightMode::int4;
  Recipe all = ternary;
  all.head = WeightMode::ternary;
  all.checkpoint_activations = true;
  all.scale_sync = ScaleSync::per_row;
  Recipe lora = ternary;
  lora.embedding = lora.head = lora.norms = WeightMode::frozen;
  lora.attention = lora.feed_forward = WeightMode::lora;
  lora.lora_rank = 3;
  return {{"Lora", kTinyMoe, lora},
          {"LabDense", kLabDense, ternary},
          {"LabDenseCheckpointed", kLabDense, all},
          {"LabLoopedOfFloats", looped(kLabDense), floats},
          {"LabMoe", kLabMoe, ternary},
          {"LabMoeOfFloats", kLabMoe, floats},
          {"TernaryMoe", kTinyMoe, ternary},
          {"FullMoe", kTinyMoe, full},
          {"TernaryMoeOfFloats", kTinyMoe, floats},
          {"IntegerMoe", kTinyMoe, integers},
          {"TernaryHeadCheckpointed", kTinyMoe, all},
          {"TernaryDense", kTinyDense, ternary},
          {"UnevenDense", "bitnet", ternary, uneven("feed_forward_length")},
          {"UnevenMoeOfFloats", "qwen3moe", floats, uneven("expert_feed_forward_length")}};
}

TrainingModel model_of(const Case& c, std::unique_ptr<Backend> backend, uint64_t seed = 1) {
  if (c.per_layer.empty()) return TrainingModel(std::move(backend), c.description, c.recipe);
  const MemoryTensorMap weights = random_model({.architecture = c.description,
                                                .vocab_size = kVocabulary,
                                                .dim = 24,
                                                .n_layers = 2,
                                                .rope_dims = 4,
                                                .n_experts = c.description == "bitnet" ? 0 : 4,
                                                .context_length = 16,
                                                .ternary = false,
                                                .seed = seed,
                                                .per_layer = c.per_layer});
  return TrainingModel(std::move(backend), weights, c.recipe);
}

std::string case_name(const testing::TestParamInfo<Case>& info) { return info.param.name; }

// Adapters start at B = 0, where A has no gradient: they are looked at after a step.
void leave_the_start(TrainingModel& m) {
  if (m.model->recipe().attention == WeightMode::lora) m.step(1);
}

class ModelGradient : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Recipes, ModelGradient, testing::ValuesIn(gradient_cases()), case_name);

// With the weights that the model multiplies with.
Surrogate surrogate_of(TrainingModel& m) {
  const Recipe& recipe = m.model->recipe();
  Surrogate surrogate(m.config, m.inputs, m.targets, 2, double{recipe.balance}, double{recipe.z_loss});
  for (const BitLinear* p : m.model->parameters()) {
    const Result<std::vector<float>> values = p->forward_values(*m.backend);
    EXPECT_TRUE(values.ok()) << values.message();
    const bool quantised = p->mode != WeightMode::full && p->mode != WeightMode::frozen;
    surrogate.set(p->name, Doubles(values->begin(), values->end()), quantised && recipe.int8_activations);
    if (p->lora_a) surrogate.set_adapter_scale(double{p->lora_scale});
  }
  return surrogate;
}

struct Miss {
  std::string where;
  double of_allowed = 0;  // 1: just allowed
};

// Where the gradients of the model differ most from the surrogate's at a base point of its own.
Miss largest_miss(TrainingModel& m, Surrogate& surrogate) {
  surrogate.loss();  // the base point; its value includes the routers' losses
  Miss worst;
  for (const BitLinear* p : m.model->parameters()) {
    if (!p->trains()) continue;
    const std::vector<float> gradient = m.values_of(p->gradient);
    double largest = 0;
    for (float g : gradient) largest = std::max(largest, std::abs(double{g}));
    EXPECT_GT(largest, 0.0) << p->name << " gets no gradient";
    // Some of each parameter: the first, the last and steps of a prime in between.
    for (size_t i = 0; i < gradient.size(); i += std::max<size_t>(1, gradient.size() / 7)) {
      double& w = surrogate.weight(p->name)[i];
      const double here = w;
      const double h = 1e-4;
      w = here + h;
      const double above = surrogate.loss();
      w = here - h;
      const double below = surrogate.loss();
      w = here;
      const double expected = (above - below) / (2 * h);
      const double miss = std::abs(gradient[i] - expected) / (2e-4 * largest + 1e-7);
      if (!(miss <= worst.of_allowed))
        worst = {join(p->name, " ", i, ": ", gradient[i], ", expected ", expected), miss};
    }
  }
  return worst;
}

TEST_P(ModelGradient, OnTheReferenceIsThatOfTheSurrogate) {
  TrainingModel m = model_of(GetParam(), training_backend("reference"));
  leave_the_start(m);
  m.loss(true);
  Surrogate surrogate = surrogate_of(m);
  const Miss miss = largest_miss(m, surrogate);
  EXPECT_LE(miss.of_allowed, 1.0) << miss.where;
}

// Of a value exactly halfway between two int8 codes (half of its row's largest, as sums of few trits often are) single
// precision takes either: gradients move by some 1e-3 with that one code, which is no error of theirs. On one of the
// sides they must be those of the surrogate.
TEST(ModelGradientOfInt8Inputs, OfUnevenExpertsIsThatOfTheSurrogateForEverySeed) {
  constexpr double kTie = 1e-9;      // codes; what is nearly a tie is 1e-5
  constexpr double kAllowed = 0.05;  // without a tie it is 0.005
  constexpr size_t kMostTies = 4;
  int with_ties = 0;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const Case c{"", "qwen3moe", {.balance = 0.05f, .z_loss = 0.02f}, uneven("expert_feed_forward_length")};
    TrainingModel m = model_of(c, training_backend("reference"), seed);
    m.loss(true);
    Surrogate surrogate = surrogate_of(m);
    Miss miss = largest_miss(m, surrogate);
    ASSERT_GT(surrogate.choice_margin(), 1e-4) << seed << ": two experts are as good as each other";
    const std::vector<Surrogate::Edge> ties = surrogate.edges(kTie);
    if (ties.size() > kMostTies) continue;
    with_ties += miss.of_allowed > 1 ? 1 : 0;
    for (size_t sides = 1; sides < size_t{1} << ties.size() && miss.of_allowed > kAllowed; ++sides) {
      std::set<Surrogate::Edge> crossed;
      for (size_t i = 0; i < ties.size(); ++i)
        if ((sides >> i & 1) != 0) crossed.insert(ties[i]);
      surrogate.cross(crossed);
      miss = largest_miss(m, surrogate);
    }
    EXPECT_LE(miss.of_allowed, kAllowed) << "seed " << seed << ", " << ties.size() << " ties: " << miss.where;
  }
  EXPECT_GT(with_ties, 0) << "no seed has what this is about";
}

TEST_P(ModelGradient, OnTheCpuAndVulkanIsThatOfTheReference) {
  TrainingModel reference = model_of(GetParam(), training_backend("reference"));
  leave_the_start(reference);
  const double expected_loss = reference.loss(true);
  for (const char* name : {"cpu", "vulkan"}) {
    std::unique_ptr<Backend> backend = training_backend(name);
    if (!backend) continue;  // no Vulkan here: said by the tests of single operations
    TrainingModel m = model_of(GetParam(), std::move(backend));
    leave_the_start(m);
    EXPECT_NEAR(m.loss(true), expected_loss, 1e-5 * expected_loss) << name;
    for (const BitLinear* p : m.model->parameters()) {
      if (!p->trains()) continue;
      const std::vector<float> expected = reference.values_of(reference.parameter(p->name).gradient);
      const std::vector<float> gradient = m.values_of(p->gradient);
      double largest = 0;
      for (float g : expected) largest = std::max(largest, std::abs(double{g}));
      for (size_t i = 0; i < expected.size(); ++i)
        ASSERT_NEAR(gradient[i], expected[i], 1e-4 * largest) << name << " " << p->name << " " << i;
    }
  }
}

}  // namespace
}  // namespace tritium
