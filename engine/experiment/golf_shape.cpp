#include "experiment/golf_shape.h"

#include <algorithm>
#include <cmath>

#include "base/format_text.h"

namespace tritium::experiment {
namespace {

constexpr double kFullBytes = 16'000'000;
constexpr int64_t kUnit = 64;  // of widths: heads, and what holds trits, are multiples

// ---- the designs at their full size

// parameter-golf, pull request 314, with one quantiser for forward, validation and export.
GolfPlan int4_mlp_11l() {
  GolfPlan plan;
  plan.shape = {.layers = 11, .bigram_buckets = 10240, .bigram_length = 128, .smear = true};
  TrainOptions& t = plan.training;
  t.feed_forward = WeightMode::int4;
  t.attention = WeightMode::int6;
  t.embedding = WeightMode::int8;
  t.learning_rate = 0.02;
  t.weight_decay = 0.04;
  t.clip = 0.3;
  t.cooldown = 0.45;
  return plan;
}

// Pull request 910, likewise.
GolfPlan int4_mlp_int6_attn_12l() {
  GolfPlan plan = int4_mlp_11l();
  plan.shape = {.layers = 12,
                .bigram_buckets = 2048,
                .bigram_length = 128,
                .value_length = 128,
                .rope_dims = 16,
                .exclusive_layers = 4,
                .norm_scale = true,
                .smear = true,
                .activation = "leaky_relu2"};
  plan.training.learning_rate = 0.025;
  plan.training.cooldown = 0.5;
  return plan;
}

// Pull requests 640 and 920: groups of 128, norms before output projections, no decay, no clip, a fall of a fifth.
GolfPlan ternary_unet() {
  GolfPlan plan;
  plan.shape = {.dim = 768, .layers = 10, .head_dim = 96, .ffn = 3072, .sub_norms = true};
  TrainOptions& t = plan.training;
  t.feed_forward = t.attention = WeightMode::ternary;
  t.embedding = WeightMode::int8;
  t.scale_sync = ScaleSync::per_group;
  t.group_size = 128;
  t.learning_rate = 0.04;
  t.weight_decay = 0.0;
  t.clip = 0.0;
  t.cooldown = 0.2;
  return plan;
}

// Ours: a shared expert beside two of sixteen, chosen with a bias that balances them, and what the integers' designs
// have beside their matrices. At a thousand steps of another seed and wider experts the rate was the better of
// 0.02 and 0.04, and a fall of a half better than a fifth at the latter.
GolfPlan ternary_moe() {
  GolfPlan plan = ternary_unet();
  plan.shape = {.dim = 512,
                .layers = 8,
                .ffn = 384,
                .experts = 16,
                .top_k = 2,
                .shared_ffn = 768,
                .bigram_buckets = 10240,
                .bigram_length = 128,
                .value_length = 128,
                .rope_dims = 16,
                .exclusive_layers = 4,
                .norm_scale = true,
                .sub_norms = true,
                .smear = true,
                .activation = "leaky_relu2"};
  plan.training.learning_rate = 0.02;
  plan.training.cooldown = 0.5;
  plan.training.balance = 0.0;
  return plan;
}

struct Preset {
  const char *name, *what;
  GolfPlan (*plan)();
};

constexpr Preset kPresets[] = {
    {"int4-mlp-11l", "11 layers, int4 feed-forward parts, int6 attention, hashes of bigrams", int4_mlp_11l},
    {"int4-mlp-int6-attn-12l", "12 layers, the same types, value embeddings, exclusive attention, partial rotation",
     int4_mlp_int6_attn_12l},
    {"ternary-unet", "10 wide layers of trits in groups of 128, skips across", ternary_unet},
    {"ternary-moe", "8 layers of trits, a shared expert beside two of sixteen", ternary_moe},
};

// ---- sizes

// Bits of a code, of normal weights: log2 of sigma sqrt(2 pi e) in steps of the grid, whose end is some 2.8 sigma.
double bits_of(WeightMode mode) {
  switch (mode) {
    case WeightMode::int4: return 3.45;
    case WeightMode::int5: return 4.5;
    case WeightMode::int6: return 5.55;
    case WeightMode::int8: return 7.6;
    case WeightMode::ternary: return 1.62;
    default: return 30.0;  // floats, little of which a compressor takes off
  }
}

double bytes_of(WeightMode mode, int64_t rows, int64_t cols, const TrainOptions& t) {
  const auto n = static_cast<double>(rows) * static_cast<double>(cols);
  const double scale_bits =
      mode == WeightMode::ternary ? 14.0 / static_cast<double>(t.group_size) : 14.0 / static_cast<double>(cols);
  return n * (bits_of(mode) + scale_bits) / 8;
}

int64_t to_unit(double width) { return std::max<int64_t>(1, std::llround(width / kUnit)) * kUnit; }

// The published proportions at another width.
GolfShape at_width(const GolfShape& full, int64_t dim, double layers) {
  GolfShape s = full;
  const double part = static_cast<double>(dim) / static_cast<double>(full.dim);
  const auto scaled = [part](int64_t n) { return n == 0 ? 0 : to_unit(static_cast<double>(n) * part); };
  s.dim = dim;
  s.head_dim = 32;
  s.layers = std::max<int64_t>(2, std::llround(static_cast<double>(full.layers) * layers));
  s.ffn = scaled(full.ffn), s.shared_ffn = scaled(full.shared_ffn);
  s.bigram_length = scaled(full.bigram_length), s.value_length = scaled(full.value_length);
  if (full.bigram_buckets > 0)
    s.bigram_buckets = std::max<int64_t>(128, std::llround(static_cast<double>(full.bigram_buckets) * part * part));
  if (full.rope_dims > 0) s.rope_dims = s.head_dim / 4;
  s.exclusive_layers = std::min(full.exclusive_layers, s.layers / 2);
  return s;
}

// The widest that fits, of that one the widest feed-forward parts, and then the most experts. The narrowest may have
// fewer of them.
Result<GolfShape> shape_within(const GolfPlan& plan, double scale, int64_t vocab_size) {
  constexpr double kFilled = 0.97;  // what is expected is not what it will be
  const double limit = kFilled * static_cast<double>(plan.limit);
  const auto fits = [&](const GolfShape& s) { return expected_bytes(s, plan.training, vocab_size) <= limit; };
  const double layers = std::pow(scale, 0.25);
  GolfShape best = at_width(plan.shape, kUnit, layers);
  while (!fits(best) && best.experts > 2 * best.top_k) best.experts /= 2;
  if (!fits(best))
    return error(StatusCode::invalid_argument, "the scale ", scale, " allows ", plan.limit,
                 " bytes; the smallest model ", "of this preset with ", vocab_size, " tokens needs some ",
                 std::llround(expected_bytes(best, plan.training, vocab_size) / kFilled),
                 ": a larger --scale or a smaller --vocab is needed");
  for (GolfShape next = best; fits(next); next = at_width(plan.shape, best.dim + kUnit, layers)) best = next;
  for (GolfShape next = best; fits(next); next.ffn += kUnit) best = next;
  for (GolfShape next = best; best.experts > 0 && fits(next); ++next.experts) best = next;
  return best;
}

std::string json_of(const GolfShape& s, int64_t context) {
  std::string text =
      join(R"({"architecture": "tritium-lab", "dim": )", s.dim, R"(, "layers": )", s.layers, R"(, "heads": )",
           s.heads(), R"(, "kv_heads": )", s.kv_heads(), R"(, "head_dim": )", s.head_dim, R"(, "ffn": )", s.ffn,
           R"(, "context": )", context, R"(, "activation": ")", s.activation,
           R"(", "tied_head": true, "embedding_norm": true, "query_gain": true, "skips": true, "x0_mixing": true, )",
           R"("residual_scales": true, "logit_cap": 30, "init": "orthogonal", "zero_outputs": true)");
  const auto add = [&text](const char* key, int64_t n) {
    if (n > 0) text += join(", \"", key, "\": ", n);
  };
  const auto flag = [&text](const char* key, bool on) {
    if (on) text += join(", \"", key, "\": true");
  };
  add("experts", s.experts);
  if (s.experts > 0) add("top_k", s.top_k);
  add("shared_ffn", s.shared_ffn);
  flag("router_bias", s.experts > 0);
  add("bigram_buckets", s.bigram_buckets);
  add("bigram_length", s.bigram_length);
  add("value_embedding_length", s.value_length);
  if (s.value_length > 0)
    text += join(", \"value_embedding_layers\": [", std::max<int64_t>(0, s.layers - 3), ", ", s.layers - 2, "]");
  add("rope_dims", s.rope_dims);
  add("exclusive_layers", s.exclusive_layers);
  flag("norm_scale", s.norm_scale);
  flag("sub_norms", s.sub_norms);
  flag("smear", s.smear);
  return text + "}";
}

}  // namespace

double expected_bytes(const GolfShape& s, const TrainOptions& t, int64_t vocab_size) {
  const int64_t kv = s.kv_heads() * s.head_dim, q = s.heads() * s.head_dim;
  double layer = bytes_of(t.attention, q + 2 * kv, s.dim, t) + bytes_of(t.attention, s.dim, q, t);
  const auto experts = static_cast<double>(std::max<int64_t>(1, s.experts));
  layer += experts * (bytes_of(t.feed_forward, s.ffn, s.dim, t) + bytes_of(t.feed_forward, s.dim, s.ffn, t));
  if (s.shared_ffn > 0)
    layer += bytes_of(t.feed_forward, s.shared_ffn, s.dim, t) + bytes_of(t.feed_forward, s.dim, s.shared_ffn, t);
  // Norms, residual scales, gains and routers are floats.
  const auto vectors = static_cast<double>(s.dim * (7 + s.experts) + (s.sub_norms ? s.dim + s.ffn : 0));
  layer += 3.6 * vectors;
  double all = static_cast<double>(s.layers) * layer + bytes_of(t.embedding, vocab_size, s.dim, t);
  if (s.bigram_buckets > 0) all += bytes_of(t.embedding, s.bigram_buckets + s.dim, s.bigram_length, t);
  if (s.value_length > 0) all += bytes_of(t.embedding, vocab_size + kv, s.value_length, t);
  return all + 2000 + 7.0 * static_cast<double>(vocab_size);  // the header, with the vocabulary's texts
}

Result<GolfPlan> plan_golf(const std::string& preset, double scale, int64_t vocab_size, int64_t context) {
  const auto found = std::ranges::find(kPresets, preset, [](const Preset& p) { return std::string(p.name); });
  if (found == std::end(kPresets)) {
    std::string names;
    for (const Preset& p : kPresets) names += join(names.empty() ? "" : ", ", p.name);
    return error(StatusCode::not_found, "there is no preset \"", preset, "\"; there are ", names);
  }
  if (!(scale > 0 && scale <= 1))
    return error(StatusCode::invalid_argument, "the scale is ", scale, ", must be above 0 and at most 1");
  GolfPlan plan = found->plan();
  plan.vocab_size = vocab_size;
  plan.limit = static_cast<uint64_t>(std::llround(kFullBytes * scale));
  TrainOptions& t = plan.training;
  t.optimizer = OptimizerKind::muon;
  t.schedule = Schedule::wsd;
  t.warmup = 0.02;
  t.context = context;
  t.batch = scale == 1 ? 384 : 16;
  // Floats: the file's weights are floats to whoever runs it, and its logits must be those of the trainer.
  t.int8_activations = false;
  if (scale < 1) {
    const Result<GolfShape> shape = shape_within(plan, scale, vocab_size);
    if (!shape.ok()) return shape.status();
    plan.shape = *shape;
  }
  plan.transformer = json_of(plan.shape, context);
  return plan;
}

Result<GolfPlan> plan_of(const GolfOptions& o) {
  constexpr double kSmokeScale = 1.0 / 80;
  const int64_t vocab_size = o.vocab_size > 0 ? o.vocab_size : o.smoke ? 384 : 1024;
  const int64_t context = o.smoke ? 32 : o.scale == 1 ? 2048 : 256;
  return plan_golf(o.preset, o.smoke ? kSmokeScale : o.scale, vocab_size, context);
}

}  // namespace tritium::experiment

namespace tritium {

const std::vector<GolfPreset>& golf_presets() {
  static const std::vector<GolfPreset> kList = [] {
    std::vector<GolfPreset> list;
    for (const auto& p : experiment::kPresets) list.push_back({p.name, p.what});
    return list;
  }();
  return kList;
}

}  // namespace tritium
