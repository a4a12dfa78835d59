#include "experiment/arms.h"

#include <algorithm>

#include "base/format_text.h"

namespace tritium::experiment {
namespace {

std::string dense(int64_t dim, int64_t layers) {
  return join(R"({"architecture": "tritium-lab", "dim": )", dim, R"(, "layers": )", layers, R"(, "heads": )", dim / 32,
              R"(, "ffn": )", 3 * dim, R"(, "context": 256, "sub_norms": true, "tied_head": true})");
}

std::string mixture(int64_t dim, int64_t layers, int64_t experts, int64_t top_k, int64_t ffn, bool bias = false) {
  return join(R"({"architecture": "tritium-lab", "dim": )", dim, R"(, "layers": )", layers, R"(, "heads": )", dim / 32,
              R"(, "experts": )", experts, R"(, "top_k": )", top_k, R"(, "ffn": )", ffn,
              R"(, "context": 256, "sub_norms": true, "tied_head": true)", bias ? R"(, "router_bias": true)" : "", "}");
}

std::string plain(bool smoke) { return smoke ? dense(64, 2) : dense(128, 4); }

// ---- viability of straight-through training: E2, E3, E5, E10

std::vector<Arm> ste_training(bool smoke) {
  const std::string model = plain(smoke), experts = smoke ? mixture(64, 2, 4, 2, 64) : mixture(128, 4, 8, 2, 128);
  std::vector<Arm> arms;
  const auto add = [&](const char* name, const char* what, const char* settings, const char* against = "fp32") {
    arms.push_back({.name = name, .what = what, .against = against, .transformer = model, .settings = settings});
  };
  add("fp32", "FP32 shadows, AdamW, identity straight through", "{}", "");
  add("full", "no quantisation", R"({"attention": "full", "feed_forward": "full", "int8_activations": false})");
  add("bf16-stochastic", "BF16 shadows, stochastic rounding", R"({"shadow": "bf16"})");
  add("bf16-nearest", "BF16 shadows, rounded to nearest", R"({"shadow": "bf16", "stochastic_rounding": false})");
  add("int8", "shadows of one byte, stochastic rounding", R"({"shadow": "int8"})");
  add("int8-nearest", "shadows of one byte, rounded to nearest", R"({"shadow": "int8", "stochastic_rounding": false})");
  add("fp32-slow", "FP32 shadows, a tenth of the rate", R"({"learning_rate": 3e-4})", "");
  add("bf16-stochastic-slow", "BF16 stochastic, a tenth of the rate", R"({"shadow": "bf16", "learning_rate": 3e-4})",
      "fp32-slow");
  add("bf16-nearest-slow", "BF16 nearest, a tenth of the rate",
      R"({"shadow": "bf16", "stochastic_rounding": false, "learning_rate": 3e-4})", "fp32-slow");
  add("int8-slow", "one byte stochastic, a tenth of the rate", R"({"shadow": "int8", "learning_rate": 3e-4})",
      "fp32-slow");
  add("int8-nearest-slow", "one byte nearest, a tenth of the rate",
      R"({"shadow": "int8", "stochastic_rounding": false, "learning_rate": 3e-4})", "fp32-slow");
  add("adamw-8bit", "moments of 8 bits", R"({"states_8bit": true})");
  add("bf16-8bit", "BF16 stochastic, moments of 8 bits", R"({"shadow": "bf16", "states_8bit": true})");
  add("muon", "Muon for the matrices", R"({"optimizer": "muon", "learning_rate": 0.01})");
  add("adalomo", "factored second moments, no first", R"({"optimizer": "adalomo"})");
  add("sgd", "momentum alone", R"({"optimizer": "sgd", "learning_rate": 0.1})");
  add("clipped", "no gradient beyond 1.5 alpha", R"({"ste_clip": 1.5})");
  add("noise-0.1", "boundary noise of 0.1 alpha", R"({"noise": 0.1})");
  add("noise-0.25", "boundary noise of 0.25 alpha", R"({"noise": 0.25})");
  add("groups", "an alpha for 128 columns", R"({"scale_sync": "per_group"})");
  add("rows", "an alpha for each row", R"({"scale_sync": "per_row"})");
  add("threshold", "zeros by a threshold of 0.7 of the mean", R"({"ternary_quantizer": "threshold"})");
  add("warm-start", "full precision that hardens over the first half", R"({"warm_start": 0.5})");
  const auto moe = [&](const char* name, const char* what, const char* settings, const char* against) {
    arms.push_back({.name = name, .what = what, .against = against, .transformer = experts, .settings = settings});
  };
  moe("experts", "an alpha for each expert", R"({"scale_sync": "per_expert"})", "");
  moe("experts-shared", "one alpha for all experts of a block", R"({"scale_sync": "per_block"})", "experts");
  moe("experts-running", "running averages of alphas", R"({"scale_sync": "per_expert", "alpha_momentum": 0.99})",
      "experts");
  moe("experts-shared-running", "both", R"({"scale_sync": "per_block", "alpha_momentum": 0.99})", "experts");
  return arms;
}

// ---- adapters against shadows: E8

// The rates are the best of a few each, at 250 steps of another seed: adapters of more columns want smaller ones.
double rate_of_adapters(int rank) { return rank <= 16 ? 5e-3 : rank <= 64 ? 3e-3 : rank <= 128 ? 2e-3 : 1e-3; }

std::string adapters(const char* mode, int rank, double rate, const char* others) {
  return join(R"({"attention": ")", mode, R"(", "feed_forward": ")", mode, R"(", "embedding": ")", others,
              R"(", "norms": ")", others, R"(", "head": ")", others, R"(", "learning_rate": )", rate,
              R"(, "lora_rank": )", rank, R"(, "lora_alpha": )", 2 * rank, "}");
}

std::vector<Arm> quality_ceiling(bool smoke) {
  std::vector<Arm> arms;
  const auto add = [&](const std::string& name, const std::string& what, const std::string& settings) {
    arms.push_back({.name = name, .what = what, .against = name == "ste" ? "" : "ste", .settings = settings});
  };
  add("ste", "shadows of all matrices, straight through", R"({"learning_rate": 1e-2})");
  add("untrained", "the model before", "");
  for (const int rank : smoke ? std::vector{4, 16} : std::vector{4, 8, 16, 32, 64, 128, 256})
    add(join("lora-", rank), join("adapters of rank ", rank, " beside frozen trits"),
        adapters("lora", rank, rate_of_adapters(rank), "frozen"));
  for (const int rank : smoke ? std::vector{8} : std::vector{16, 64, 256})
    add(join("lora-inside-", rank), join("trits of the frozen weights and adapters of rank ", rank),
        adapters("lora_qat", rank, rank > 64 ? 3e-3 : 5e-3, "frozen"));
  add("lora-64-embedding", "adapters of rank 64; embedding and norms learn too",
      adapters("lora", 64, rate_of_adapters(64), "full"));
  add("both", "feed-forward straight through, adapters of rank 64 beside frozen trits for attention",
      R"({"attention": "lora", "embedding": "frozen", "norms": "frozen", "head": "frozen", "learning_rate": 3e-3, )"
      R"("lora_rank": 64, "lora_alpha": 128})");
  add("embedding", "embedding and norms alone learn",
      R"({"attention": "frozen", "feed_forward": "frozen", "learning_rate": 3e-2})");
  add("ste-bf16", "as ste, with BF16 shadows and moments of 8 bits",
      R"({"shadow": "bf16", "states_8bit": true, "learning_rate": 1e-2})");
  add("full", "what the trits stand for, in full precision",
      R"({"attention": "full", "feed_forward": "full", "int8_activations": false, "learning_rate": 3e-3})");
  return arms;
}

// ---- few large experts or many small: E6, E9, E1

std::vector<Arm> expert_count(bool smoke) {
  const int64_t dim = smoke ? 64 : 128, layers = smoke ? 2 : 4;
  const int64_t all = smoke ? 512 : 4096;  // columns of all experts; a quarter of them is used by a token
  std::vector<Arm> arms;
  const auto add = [&](const std::string& mode, const std::string& name, int64_t experts, int64_t columns, bool bias) {
    arms.push_back({.name = name,
                    .what = join(experts, " experts of ", columns, " columns, ", experts / 4, " for a token, ", mode,
                                 bias ? ", balanced by a bias" : ""),
                    .against = "ternary-16",
                    .transformer = mixture(dim, layers, experts, experts / 4, columns, bias),
                    .settings = join(R"({"feed_forward": ")", mode, R"("})", "")});
  };
  for (const int64_t n : smoke ? std::vector<int64_t>{16, 4} : std::vector<int64_t>{16, 4, 8, 32, 64, 128})
    if (all / n >= 16) add("ternary", join("ternary-", n), n, std::max<int64_t>(32, all / n), false);
  arms.front().against.clear();
  add("ternary", "ternary-16-bias", 16, all / 16, true);
  for (const char* router : {"int8", "ternary"}) {
    Arm arm = arms.front();
    arm.name = join("ternary-16-router-", router);
    arm.what += join(", routers ", router);
    arm.against = "ternary-16";
    arm.settings = join(R"({"feed_forward": "ternary", "routers": ")", router, R"("})");
    arms.push_back(std::move(arm));
  }
  // As many bytes: packed, 1.62 bits a weight against 3.45 (golf_shape.cpp), and against 16.
  for (const int64_t n : smoke ? std::vector<int64_t>{4} : std::vector<int64_t>{4, 16, 64}) {
    add("int4", join("int4-", n), n, std::max<int64_t>(8, all * 15 / 32 / n), false);
    add("full", join("full-", n), n, std::max<int64_t>(8, all / 10 / n), false);
  }
  return arms;
}

// ---- the presets

std::vector<Arm> parameter_golf(bool) {
  std::vector<Arm> arms;
  const std::string base = "int4-mlp-int6-attn-12l";  // the later one of the published designs in integers
  for (const GolfPreset& p : golf_presets())
    arms.push_back({.name = p.name, .what = p.what, .against = p.name == base ? "" : base, .preset = p.name});
  return arms;
}

// ---- types over widths

std::vector<Arm> three_way(bool smoke) {
  std::vector<Arm> arms;
  for (const int64_t dim : smoke ? std::vector<int64_t>{64} : std::vector<int64_t>{64, 128, 256})
    for (const char* mode : {"full", "int8", "int4", "ternary"}) {
      const bool full = std::string(mode) == "full";
      arms.push_back({.name = join(mode, "-", dim),
                      .what = join(mode, ", width ", dim),
                      .against = full ? "" : join("full-", dim),
                      .transformer = dense(dim, smoke ? 2 : 4),
                      .settings = join(R"({"attention": ")", mode, R"(", "feed_forward": ")", mode,
                                       R"(", "int8_activations": )", full ? "false" : "true", "}")});
    }
  return arms;
}

}  // namespace

const std::vector<Study>& study_list() {
  static const std::vector<Study> kStudies = {
      {"ste-training",
       "is straight-through training viable with small shadows and small optimisers, and do shared alphas matter",
       "valid_bpb", RunKind::train, 1500, 3e-3, ste_training},
      {"quality-ceiling", "can adapters on a ternary model reach what training its shadows reaches, and at which rank",
       "target_bpb", RunKind::adapt, 600, 1e-3, quality_ceiling},
      {"expert-count", "few large experts or many small ones, for the same bytes", "valid_bpb", RunKind::exported, 1500,
       3e-3, expert_count},
      {"parameter-golf", "which design says most in as many bytes", "exported_bpb", RunKind::golf, 0, 0,
       parameter_golf},
      {"three-way", "full precision, int8, int4 and ternary over widths", "valid_bpb", RunKind::exported, 1500, 3e-3,
       three_way},
  };
  return kStudies;
}

TrainOptions settings_of(const Study& study, bool smoke) {
  TrainOptions t;
  t.context = smoke ? 32 : 128;
  t.batch = smoke ? 4 : 16;
  t.steps = smoke ? 6 : study.steps;
  if (study.learning_rate > 0) t.learning_rate = study.learning_rate;
  return t;
}

std::string source_model(bool smoke) { return smoke ? dense(64, 2) : dense(192, 6); }

}  // namespace tritium::experiment

namespace tritium {

const std::vector<StudyName>& studies() {
  static const std::vector<StudyName> kList = [] {
    std::vector<StudyName> list;
    for (const experiment::Study& s : experiment::study_list()) list.push_back({s.name, s.question});
    return list;
  }();
  return kList;
}

}  // namespace tritium
