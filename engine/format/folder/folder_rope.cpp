#include "format/folder/folder_rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

namespace tritium {
namespace {

constexpr double kMostBase = 1e12;
constexpr double kMostFactor = 1e6;

bool same(const Json& a, const Json& b) {
  if (a.object() && b.object())
    return std::ranges::equal(*a.object(), *b.object(), [](const Json::Member& x, const Json::Member& y) {
      return x.name == y.name && same(x.value, y.value);
    });
  if (a.array() && b.array()) return std::ranges::equal(*a.array(), *b.array(), same);
  if (a.text() && b.text()) return *a.text() == *b.text();
  if (a.boolean() && b.boolean()) return *a.boolean() == *b.boolean();
  const auto number = [](const Json& v) {
    return v.integer() ? std::optional(static_cast<double>(*v.integer()))
           : v.real()  ? std::optional(*v.real())
                       : std::nullopt;
  };
  return a.is_null() ? b.is_null() : number(a) && number(a) == number(b);
}

// rope_parameters of a layer kind, where it is a map of those. Parts that are the same count as one.
const Json* of_kind(ConfigReader& config, const Json& parameters, const std::string& kind) {
  const Json::Object* members = parameters.object();
  if (!members) return &parameters;
  const bool by_kind = !members->empty() && std::ranges::all_of(*members, [](const Json::Member& m) {
    return m.name.ends_with("_attention") && (m.value.object() || m.value.is_null());
  });
  if (!by_kind) return &parameters;
  if (const Json* own = parameters.find(kind)) return own;
  const Json& first = members->front().value;
  const bool alike = std::ranges::all_of(*members, [&](const Json::Member& m) { return same(m.value, first); });
  config.refuse(!alike, "rope_parameters", "differ between kinds of layers, which is not implemented");
  return &first;
}

// "default" where there is nothing to scale by.
std::string type_of(ConfigReader& scaling) { return scaling.text_or("rope_type", scaling.text_or("type", "default")); }

// Newer programs write rope_parameters, older ones rope_scaling, some both.
void refuse_contradiction(ConfigReader& config, const Json* parameters, const Json* older) {
  if (!parameters || !older || !older->object() || !parameters->object()) return;
  const Json::Object& said = *older->object();
  const bool alike = std::ranges::all_of(said, [&](const Json::Member& m) {
    const Json* other = parameters->find(m.name);
    return !other || same(*other, m.value);
  });
  ConfigReader a(*parameters, ""), b(*older, "");
  config.refuse(!alike || type_of(a) != type_of(b), "rope_scaling", "contradicts rope_parameters: remove one of them");
}

// llama3: waves longer than C / low are divided by `factor`, those shorter than C / high kept, and between them mixed.
void llama3(ConfigReader& scaling, int64_t context_length, FolderRope& rope) {
  const double factor = scaling.real("factor", 1e-6, kMostFactor);
  const double low = scaling.real("low_freq_factor", 1e-6, kMostFactor);
  const double high = scaling.real("high_freq_factor", 1e-6, kMostFactor);
  const auto context =
      static_cast<double>(scaling.integer_or("original_max_position_embeddings", context_length, 1, 1 << 30));
  scaling.require(high > low, "high_freq_factor", join("is ", high, ", must be more than low_freq_factor, ", low));
  for (int64_t i = 0; i < rope.dims / 2; ++i) {
    const double frequency = std::pow(rope.base, -2.0 * static_cast<double>(i) / static_cast<double>(rope.dims));
    const double wave = 2 * std::numbers::pi / frequency;
    const double kept = std::clamp((context / wave - low) / (high - low), 0.0, 1.0);
    rope.factors.push_back(static_cast<float>(1.0 / ((1 - kept) / factor + kept)));
  }
}

// What cosines and sines are multiplied by: attention_factor, or that of mscale and mscale_all_dim.
double yarn_magnitude(ConfigReader& scaling, double factor) {
  const auto magnitude = [&](double scale) { return factor > 1 ? 0.1 * scale * std::log(factor) + 1 : 1.0; };
  const double all = scaling.real_or("mscale_all_dim", 0.0, 0.0, 1e3);
  const double given = scaling.real_or("mscale", 0.0, 0.0, 1e3);
  const double usual = all != 0 && given != 0 ? magnitude(given) / magnitude(all) : magnitude(1.0);
  return scaling.real_or("attention_factor", usual, 1e-3, 1e3);
}

void yarn(ConfigReader& scaling, int64_t context_length, FolderRope& rope) {
  const double factor = scaling.real("factor", 1e-6, kMostFactor);
  const int64_t original = scaling.integer_or("original_max_position_embeddings", context_length, 1, 1 << 30);
  scaling.refuse(!scaling.boolean_or("truncate", true), "truncate", "is false, which is not implemented");
  rope.keys = {
      {"scaling.type", std::string("yarn")}, {"scaling.factor", factor}, {"scaling.original_context_length", original}};
  // These three say nothing where they are as usual.
  const double usual = factor > 1 ? 0.1 * std::log(factor) + 1 : 1.0;
  if (const double magnitude = yarn_magnitude(scaling, factor); magnitude != usual)
    rope.keys.emplace_back("scaling.attn_factor", magnitude / usual);
  if (const double fast = scaling.real_or("beta_fast", 32.0, 1e-3, 1e6); fast != 32.0)
    rope.keys.emplace_back("scaling.yarn_beta_fast", fast);
  if (const double slow = scaling.real_or("beta_slow", 1.0, 1e-3, 1e6); slow != 1.0)
    rope.keys.emplace_back("scaling.yarn_beta_slow", slow);
}

// With alpha the base becomes base * alpha^(n / (n - 2)); without, frequencies change only beyond the context.
void dynamic(ConfigReader& scaling, FolderRope& rope) {
  const double alpha = scaling.real_or("alpha", 1.0, 1e-6, 1e9);
  const auto dims = static_cast<double>(rope.dims);
  if (alpha != 1.0 && rope.dims > 2) rope.base *= std::pow(alpha, dims / (dims - 2));
}

void scale(ConfigReader& scaling, int64_t context_length, FolderRope& rope) {
  const std::string type = type_of(scaling);
  scaling.refuse(type == "default" && scaling.real_or("factor", 1.0, 1e-6, kMostFactor) != 1.0, "factor",
                 "is there without a rope_type that says what it does");
  scaling.refuse(scaling.has("mrope_section"), "mrope_section",
                 "rotates by several positions, which is not implemented");
  if (type == "linear") {
    rope.keys = {{"scaling.type", std::string("linear")},
                 {"scaling.factor", scaling.real("factor", 1e-6, kMostFactor)}};
  } else if (type == "llama3") {
    llama3(scaling, context_length, rope);
  } else if (type == "yarn") {
    yarn(scaling, context_length, rope);
  } else if (type == "dynamic") {
    dynamic(scaling, rope);
  } else {
    scaling.refuse(type != "default" && type != "none", scaling.has("rope_type") ? "rope_type" : "type",
                   "is \"" + type + "\"; supported: default, linear, dynamic, yarn, llama3");
  }
}

}  // namespace

FolderRope read_folder_rope(ConfigReader& config, int64_t head_dim, int64_t context_length, const std::string& kind,
                            double usual_base) {
  FolderRope rope;
  const Json* parameters = config.find("rope_parameters");
  const char* name = parameters ? "rope_parameters" : "rope_scaling";
  refuse_contradiction(config, parameters, config.find("rope_scaling"));
  if (!parameters) parameters = config.find("rope_scaling");
  static const Json kNone{Json::Object()};
  config.require(!parameters || parameters->object(), name, "must be an object, or null");
  if (!parameters || !parameters->object()) parameters = &kNone;
  ConfigReader scaling(*of_kind(config, *parameters, kind), std::string(name) + ".");
  rope.base = scaling.real_or("rope_theta", config.real_or("rope_theta", usual_base, 1e-6, kMostBase), 1e-6, kMostBase);
  const double part =
      scaling.real_or("partial_rotary_factor", config.real_or("partial_rotary_factor", 1.0, 0.0, 1.0), 0.0, 1.0);
  rope.dims = static_cast<int64_t>(part * static_cast<double>(head_dim));
  config.require(rope.dims % 2 == 0, "partial_rotary_factor",
                 join("makes ", rope.dims, " values rotate, must be even"));
  scale(scaling, context_length, rope);
  config.take(scaling.status());
  return rope;
}

}  // namespace tritium
