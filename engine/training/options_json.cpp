// TrainOptions as JSON: one table of fields for both directions.
#include <array>
#include <cmath>
#include <limits>
#include <new>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/caught.h"
#include "base/format_text.h"
#include "training/json_text.h"
#include "tritium/training.hpp"

namespace tritium {
namespace {

using nlohmann::json;

template <typename E>
struct Names;
template <>
struct Names<WeightMode> {
  static constexpr std::array kNames = {"full", "ternary", "int8",       "int6", "int5",
                                        "int4", "frozen",  "stochastic", "lora"};
};
template <>
struct Names<ShadowPrecision> {
  static constexpr std::array kNames = {"bf16", "fp32"};
};
template <>
struct Names<ScaleSync> {
  static constexpr std::array kNames = {"auto", "per_block", "per_expert", "per_tensor", "per_row", "per_group"};
};
template <>
struct Names<OptimizerKind> {
  static constexpr std::array kNames = {"adamw", "sgd", "muon"};
};
template <>
struct Names<Average> {
  static constexpr std::array kNames = {"none", "ema", "swa"};
};
template <>
struct Names<Schedule> {
  static constexpr std::array kNames = {"constant", "linear", "cosine", "wsd"};
};
template <>
struct Names<ExportType> {
  static constexpr std::array kNames = {"auto", "tq1_0", "tq2_0", "i2_s", "q2_0", "f16", "adapter"};
};

// Calls f(name, field) for each field that a file may set.
template <typename Options, typename F>
void visit_fields(Options& o, const F& f) {
  f("model", o.model), f("transformer", o.transformer), f("tokenizer", o.tokenizer);
  f("data", o.data), f("text", o.text), f("valid_data", o.valid_data), f("valid_fraction", o.valid_fraction);
  f("score_prompts", o.score_prompts);
  f("steps", o.steps), f("epochs", o.epochs), f("minutes", o.minutes);
  f("context", o.context), f("batch", o.batch), f("micro_batch", o.micro_batch), f("seed", o.seed);
  f("optimizer", o.optimizer), f("learning_rate", o.learning_rate), f("ternary_rate", o.ternary_rate),
      f("schedule", o.schedule);
  f("warmup", o.warmup), f("cooldown", o.cooldown), f("weight_decay", o.weight_decay), f("clip", o.clip);
  f("beta1", o.beta1), f("beta2", o.beta2), f("momentum", o.momentum);
  f("states_8bit", o.states_8bit), f("average", o.average), f("ema_decay", o.ema_decay),
      f("swa_fraction", o.swa_fraction), f("update_by_layer", o.update_by_layer);
  f("embedding", o.embedding), f("attention", o.attention), f("feed_forward", o.feed_forward), f("head", o.head);
  f("norms", o.norms), f("routers", o.routers), f("lora_rank", o.lora_rank), f("lora_alpha", o.lora_alpha);
  f("teacher", o.teacher), f("distill", o.distill), f("temperature", o.temperature), f("hidden_mse", o.hidden_mse);
  f("int8_activations", o.int8_activations), f("shadow", o.shadow), f("stochastic_rounding", o.stochastic_rounding);
  f("scale_sync", o.scale_sync), f("group_size", o.group_size), f("alpha_momentum", o.alpha_momentum);
  f("warm_start", o.warm_start), f("noise", o.noise), f("ste_clip", o.ste_clip), f("balance", o.balance),
      f("z_loss", o.z_loss);
  f("checkpoint_activations", o.checkpoint_activations);
  f("eval_every", o.eval_every), f("log_every", o.log_every), f("save_every", o.save_every);
  f("keep_last", o.keep_last), f("early_stop", o.early_stop), f("folder", o.folder), f("resume", o.resume);
  f("output", o.output), f("export_type", o.export_type), f("profile", o.profile), f("backend", o.backend),
      f("threads", o.threads);
}

template <typename T>
json to_json(const T& value) {
  if constexpr (std::is_enum_v<T>) {
    return Names<T>::kNames[static_cast<size_t>(value)];
  } else {
    return value;
  }
}

// Also "1e3"; false when it is no integer or beyond what the field holds.
template <typename T>
bool integer_from_json(const json& value, T& field) {
  const auto take = [&field](auto number) {
    if (!std::in_range<T>(number)) return false;
    field = static_cast<T>(number);
    return true;
  };
  if (value.is_number_unsigned()) return take(value.get<uint64_t>());
  if (value.is_number_integer()) return take(value.get<int64_t>());
  if (!value.is_number()) return false;
  const auto real = value.get<double>();
  return std::abs(real) <= 0x1p53 && real == std::floor(real) && take(static_cast<int64_t>(real));
}

// False when `value` is not of the field's kind.
template <typename T>
bool from_json(const json& value, T& field) {
  if constexpr (std::is_enum_v<T>) {
    const auto& names = Names<T>::kNames;
    for (size_t i = 0; i < names.size(); ++i)
      if (value == names[i]) return field = static_cast<T>(i), true;
    return false;
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!value.is_boolean()) return false;
    field = value.get<bool>();
  } else if constexpr (std::is_integral_v<T>) {
    return integer_from_json(value, field);
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!value.is_number()) return false;
    field = value.get<T>();
  } else if constexpr (std::is_same_v<T, std::string>) {
    // A transformer may be written out as an object.
    if (!value.is_string() && !value.is_object()) return false;
    field = value.is_string() ? value.get<std::string>() : value.dump();
  } else {
    field.clear();
    if (value.is_string()) return field.push_back(value), true;
    if (!value.is_array()) return false;
    for (const json& element : value) {
      if (!element.is_string()) return false;
      field.push_back(element);
    }
  }
  return true;
}

template <typename T>
std::string allowed_values() {
  if constexpr (std::is_enum_v<T>) {
    std::string text;
    for (const char* name : Names<T>::kNames) text += (text.empty() ? "one of " : ", ") + std::string(name);
    return text;
  } else {
    if (std::is_same_v<T, bool>) return "true or false";
    if constexpr (std::is_unsigned_v<T>) return join("an integer from 0 to ", std::numeric_limits<T>::max());
    if (std::is_integral_v<T>) return "an integer";
    return std::is_floating_point_v<T> ? "a number" : "text";
  }
}

std::string listed(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

std::string train_options_to_json(const TrainOptions& options) try {
  json object = json::object();
  visit_fields(options, [&](const char* name, const auto& field) { object[name] = to_json(field); });
  // Paths need not be UTF-8.
  return object.dump(2, ' ', false, json::error_handler_t::replace);
} catch (const std::bad_alloc&) {
  return {};
}

Result<TrainOptions> train_options_from_json(std::string_view text, const TrainOptions& defaults) try {
  const Result<json> parsed = training::parse_object("the training options", text, /*ignore_comments=*/true);
  if (!parsed.ok()) return parsed.status();
  const json& object = *parsed;
  TrainOptions options = defaults;
  std::set<std::string> names;
  Status status;
  visit_fields(options, [&](const char* name, auto& field) {
    names.insert(name);
    const auto found = object.find(name);
    if (found == object.end()) return;
    using Field = std::remove_reference_t<decltype(field)>;
    if (!from_json(*found, field) && status.ok())
      status = error(StatusCode::invalid_argument, "training option \"", name, "\" is ", found->dump(), ", must be ",
                     allowed_values<Field>());
  });
  if (!status.ok()) return status;
  for (const auto& [key, value] : object.items())
    if (!names.contains(key))
      return error(StatusCode::invalid_argument, "there is no training option \"", key, "\"; there are ",
                   listed(names));
  return options;
} catch (...) {
  return caught();
}

}  // namespace tritium
