#include "text/normalizer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/cancel.h"
#include "base/format_text.h"
#include "text/unicode.h"

namespace tritium {
namespace {

struct Form {
  std::string_view name;
  NormalForm form;
};
constexpr std::array kForms = {Form{"NFC", NormalForm::nfc}, Form{"NFD", NormalForm::nfd},
                               Form{"NFKC", NormalForm::nfkc}, Form{"NFKD", NormalForm::nfkd}};
constexpr std::array<std::string_view, 4> kPlain = {"Lowercase", "StripAccents", "Strip:left", "Strip:right"};
constexpr std::string_view kPrepend = "Prepend:";
constexpr std::string_view kReplace = "Replace:";

struct Replacement {
  std::string_view from;
  std::string_view to;
};

std::optional<Replacement> replacement(std::string_view step) {
  if (!step.starts_with(kReplace)) return std::nullopt;
  step.remove_prefix(kReplace.size());
  size_t length = 0;
  const auto [end, problem] = std::from_chars(step.data(), step.data() + step.size(), length);
  const auto digits = static_cast<size_t>(end - step.data());
  if (problem != std::errc() || digits >= step.size() || step[digits] != ':') return std::nullopt;
  step.remove_prefix(digits + 1);
  if (length == 0 || length > step.size()) return std::nullopt;
  return Replacement{step.substr(0, length), step.substr(length)};
}

const Form* form_of(std::string_view step) {
  const auto it = std::ranges::find(kForms, step, &Form::name);
  return it == kForms.end() ? nullptr : &*it;
}

std::string replaced(std::string_view text, const Replacement& r) {
  std::string out;
  size_t at = 0;
  for (size_t place = text.find(r.from); place != text.npos; place = text.find(r.from, at)) {
    check_cancelled();
    out += text.substr(at, place - at);
    out += r.to;
    at = place + r.from.size();
  }
  out += text.substr(at);
  return out;
}

std::string changed(std::string_view text, std::string_view step) {
  if (const Form* form = form_of(step)) return normalized(text, form->form);
  if (const auto r = replacement(step)) return replaced(text, *r);
  if (step == "Lowercase") return lower_case(text);
  if (step == "StripAccents") return without_marks(text);
  if (step == "Strip:left") return std::string(text.substr(spaces_at_start(text)));
  if (step == "Strip:right") return std::string(text.substr(0, text.size() - spaces_at_end(text)));
  return std::string(step.substr(kPrepend.size())) + std::string(text);
}

}  // namespace

Result<Normalizer> Normalizer::make(std::vector<std::string> steps) {
  for (const std::string& step : steps) {
    const bool known = form_of(step) || replacement(step) || step.starts_with(kPrepend) ||
                       std::ranges::find(kPlain, std::string_view(step)) != kPlain.end();
    if (!known) return error(StatusCode::unsupported, "the change of text \"", step, "\" is not known here");
  }
  Normalizer made;
  made.steps_ = std::move(steps);
  return made;
}

std::string Normalizer::replace_step(std::string_view from, std::string_view to) {
  return std::string(kReplace) + std::to_string(from.size()) + ":" + std::string(from) + std::string(to);
}

std::string Normalizer::operator()(std::string_view text) const {
  std::string result(text);
  for (const std::string& step : steps_)
    if (!result.empty()) result = changed(result, step);
  return result;
}

}  // namespace tritium
