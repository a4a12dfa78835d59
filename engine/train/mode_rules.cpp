#include "train/mode_rules.h"

#include <algorithm>
#include <string_view>

#include "base/format_text.h"
#include "train/options_table.h"

namespace tritium::training {
namespace {

std::vector<std::string_view> mode_names() {
  std::vector<std::string_view> names;
  for (std::string_view rest = names_of(WeightMode{}); !rest.empty();) {
    names.push_back(rest.substr(0, rest.find(',')));
    rest.remove_prefix(std::min(rest.size(), names.back().size() + 2));
  }
  return names;
}

// Tries of a * with more and more text: a name is short.
bool fits(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() != '*')
    return !name.empty() && pattern.front() == name.front() && fits(pattern.substr(1), name.substr(1));
  const std::string_view rest = pattern.substr(std::min(pattern.find_first_not_of('*'), pattern.size()));
  if (rest.empty()) return true;
  for (size_t skipped = 0; skipped < name.size(); ++skipped)
    if (fits(rest, name.substr(skipped))) return true;
  return false;
}

// Empty: the tensor can have the mode.
std::string_view why_not(const TensorSpec& tensor, WeightMode mode) {
  const bool as_it_is = mode == WeightMode::full || mode == WeightMode::frozen;
  if (as_it_is) return {};
  if (!tensor.learned) return "is not learned by its gradient and stays as it is";
  if (tensor.role == TensorRole::norm) return "is a vector, which is never quantised: full or frozen";
  const bool adapter = mode == WeightMode::lora || mode == WeightMode::lora_qat;
  if (tensor.role == TensorRole::router && (adapter || mode == WeightMode::stochastic))
    return "is a router, which has no adapter, nor trits without a shadow";
  if (tensor.role == TensorRole::embedding && adapter) return "is an embedding, which has no adapter";
  return {};
}

}  // namespace

Result<std::vector<ModeRule>> parse_mode_rules(std::span<const std::string> texts) {
  std::vector<ModeRule> rules;
  const std::vector<std::string_view> names = mode_names();
  for (const std::string& text : texts) {
    const size_t sign = text.rfind('=');
    const auto refuse = [&text](auto... why) {
      return error(StatusCode::invalid_argument, "weights: \"", text, "\"", why...);
    };
    if (sign == std::string::npos || sign == 0)
      return refuse(" is no PATTERN=MODE, as blk.9.attn_k.weight=full or blk.*.ffn_down*=int4");
    const auto name = std::ranges::find(names, std::string_view(text).substr(sign + 1));
    if (name == names.end()) return refuse(": the mode must be one of ", names_of(WeightMode{}));
    rules.push_back({text.substr(0, sign), static_cast<WeightMode>(name - names.begin())});
  }
  return rules;
}

const ModeRule* rule_for(std::span<const ModeRule> rules, const std::string& name) {
  for (size_t i = rules.size(); i > 0; --i)
    if (fits(rules[i - 1].pattern, name)) return &rules[i - 1];
  return nullptr;
}

Status check_mode_rules(std::span<const ModeRule> rules, std::span<const TensorSpec> tensors) {
  for (const ModeRule& rule : rules) {
    bool any = false;
    for (const TensorSpec& tensor : tensors) any = any || fits(rule.pattern, tensor.name);
    if (!any)
      return error(StatusCode::invalid_argument, "weights: no tensor of the model is called \"", rule.pattern,
                   "\"; names are as ", tensors.front().name, ", ", tensors[tensors.size() / 2].name,
                   " (* is any text)");
  }
  for (const TensorSpec& tensor : tensors) {
    const ModeRule* rule = rule_for(rules, tensor.name);
    const std::string_view why = rule ? why_not(tensor, rule->mode) : std::string_view();
    if (!why.empty())
      return error(StatusCode::invalid_argument, "weights: \"", rule->pattern, "\": ", tensor.name, " ", why);
  }
  return Status();
}

}  // namespace tritium::training
