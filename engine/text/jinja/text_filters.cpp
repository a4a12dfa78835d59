// Filters of single values: texts, numbers, JSON.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "text/jinja/characters.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/pieces.h"

namespace tritium::jinja {
namespace {

using I = Interpreter;
using A = Arguments;

const Value* unless_none(const Value* value) { return value && !value->is_none() ? value : nullptr; }

Value mapped(I& i, const Value& v, std::string (*map)(std::string_view)) {
  const Text text = to_text(v, i.budget());
  i.budget().room(text.size());
  return Value(text.changed(map(text.view())));
}

Value trim(I& i, const Value& v, A& a) {
  const Value* chars = unless_none(a.bind({"chars"})[0]);
  return Value(
      stripped(to_text(v, i.budget()), Side::both, chars ? &text_argument(chars, "chars") : nullptr, i.budget()));
}

Value replace(I& i, const Value& v, A& a) {
  const auto given = a.bind({"old", "new", "count"});
  if (!given[0] || !given[1]) throw Failure("needs what to replace, and by what");
  const Value* most = unless_none(given[2]);
  return Value(replaced(to_text(v, i.budget()), to_text(*given[0], i.budget()), to_text(*given[1], i.budget()),
                        most ? integer_argument(*most, "count") : -1, i.budget()));
}

Value indent(I& i, const Value& v, A& a) {
  const auto given = a.bind({"width", "first", "blank"});
  Budget& budget = i.budget();
  Text by;
  if (given[0] && given[0]->text()) {
    by = *given[0]->text();
  } else {
    by = padded(Text(), given[0] ? integer_argument(*given[0], "width") : 4, 0, " ", budget);
  }
  const bool first = given[1] && truth(*given[1]), blank = given[2] && truth(*given[2]);
  Text whole = to_text(v, budget);
  whole.append("\n");
  const std::vector<Text> lines = lines_of(whole, false, budget);
  Text out;
  for (size_t n = 0; n < lines.size(); ++n) {
    budget.room(lines[n].size() + by.size() + 1);
    if (n > 0) out.append("\n");
    if (n == 0 ? first : blank || !lines[n].empty()) out.append(by);
    out.append(lines[n]);
  }
  return Value(std::move(out));
}

Value escaped(I& i, const Value& v, A&) {
  constexpr std::array<std::pair<const char*, const char*>, 5> kEscapes = {
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"'", "&#39;"}, {"\"", "&#34;"}}};
  Text text = to_text(v, i.budget());
  for (const auto& [what, by] : kEscapes) text = replaced(text, Text(what), Text(by), -1, i.budget());
  return Value(std::move(text));
}

// The number that a text is, with blanks around it and "_" between digits.
std::optional<double> parse_real(const Text& text, Budget& budget) {
  const Text bare = stripped(text, Side::both, nullptr, budget);
  std::string digits = bare.bytes();
  digits.erase(std::remove(digits.begin(), digits.end(), '_'), digits.end());
  if (digits.starts_with('+')) digits.erase(0, 1);
  double value = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (problem != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<int64_t> parse_whole(const Text& text, int base, Budget& budget) {
  const Text bare = stripped(text, Side::both, nullptr, budget);
  std::string digits = bare.bytes();
  digits.erase(std::remove(digits.begin(), digits.end(), '_'), digits.end());
  if (digits.starts_with('+')) digits.erase(0, 1);
  if (base == 16 && (digits.starts_with("0x") || digits.starts_with("0X"))) digits.erase(0, 2);
  int64_t value = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (problem != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<int64_t> whole_of(double value) {
  if (!(std::abs(value) < 9.2e18)) return std::nullopt;
  return static_cast<int64_t>(value);
}

Value to_whole(I& i, const Value& v, A& a) {
  const auto given = a.bind({"default", "base"});
  need_defined(v);
  const Value otherwise = given[0] ? *given[0] : Value(int64_t{0});
  if (const auto whole = integer_of(v)) return Value(*whole);
  const int64_t base = given[1] ? integer_argument(*given[1], "base") : 10;
  if (base < 2 || base > 36) throw Failure("the base must be 2 to 36");
  std::optional<int64_t> result;
  if (v.text()) result = parse_whole(*v.text(), static_cast<int>(base), i.budget());
  std::optional<double> real;
  if (v.real()) real = *v.real();
  if (v.text() && !result) real = parse_real(*v.text(), i.budget());
  if (real) result = whole_of(*real);
  return result ? Value(*result) : otherwise;
}

Value to_real(I& i, const Value& v, A& a) {
  const Value* otherwise = a.bind({"default"})[0];
  need_defined(v);
  std::optional<double> result = number_of(v);
  if (v.text()) result = parse_real(*v.text(), i.budget());
  return result ? Value(*result) : otherwise ? *otherwise : Value(0.0);
}

Value magnitude(I&, const Value& v, A&) {
  need_defined(v);
  if (const auto whole = integer_of(v)) return *whole < 0 ? negative(Value(*whole)) : Value(*whole);
  if (!v.real()) throw Failure("needs a number, not " + kind_of(v));
  return Value(std::abs(*v.real()));
}

Value rounded(I&, const Value& v, A& a) {
  const auto given = a.bind({"precision", "method"});
  const int64_t digits = given[0] ? integer_argument(*given[0], "precision") : 0;
  const std::string method = given[1] ? text_argument(given[1], "method").bytes() : "common";
  need_defined(v);
  const std::optional<double> number = number_of(v);
  if (!number) throw Failure("needs a number, not " + kind_of(v));
  if (method == "common" && integer_of(v) && digits >= 0) return Value(*integer_of(v));
  const double scale = std::pow(10.0, static_cast<double>(std::clamp<int64_t>(digits, -300, 300)));
  if (method == "ceil") return Value(std::ceil(*number * scale) / scale);
  if (method == "floor") return Value(std::floor(*number * scale) / scale);
  if (method != "common") throw Failure("the method must be common, ceil or floor");
  if (digits <= 0) return Value(std::nearbyint(*number * scale) / scale);
  // By the decimal digits of the number itself, as Python rounds.
  std::array<char, 400> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), *number, std::chars_format::fixed,
                                 static_cast<int>(std::min<int64_t>(digits, 40)))
                       .ptr;
  double result = *number;
  std::from_chars(text.data(), end, result);
  return Value(result);
}

Value fallback(I&, const Value& v, A& a) {
  const auto given = a.bind({"default_value", "boolean"});
  const bool by_truth = given[1] && truth(*given[1]);
  if (!v.undefined() && !(by_truth && !truth(v))) return v;
  return given[0] ? *given[0] : Value(Text());
}

Value json(I& i, const Value& v, A& a) {
  const auto given = a.bind({"ensure_ascii", "indent", "separators", "sort_keys"});
  JsonStyle style{.ascii = given[0] && truth(*given[0]), .sorted = given[3] && truth(*given[3])};
  if (const Value* by = unless_none(given[1])) {
    style.indent =
        by->text() ? by->text()->bytes() : padded(Text(), integer_argument(*by, "indent"), 0, " ", i.budget()).bytes();
    style.comma = ",";
  }
  if (const Value* separators = unless_none(given[2])) {
    const std::vector<Value> two = elements(*separators, i.budget());
    if (two.size() != 2) throw Failure("separators are two strings");
    style.comma = text_argument(&two[0], "a separator").bytes();
    style.colon = text_argument(&two[1], "a separator").bytes();
  }
  return Value(to_json(v, style, i.budget()));
}

Value format(I& i, const Value& v, A& a) {
  const Text text = to_text(v, i.budget());
  if (a.named.empty())
    return Value(format_percent(text, make_list(a.positional, i.budget(), List::Kind::tuple), i.budget()));
  auto names = std::make_shared<Dict>();
  for (const auto& [name, value] : a.named) names->set(Value(name), value, i.budget());
  return Value(format_percent(text, Value(std::move(names)), i.budget()));
}

Value truncate(I& i, const Value& v, A& a) {
  const auto given = a.bind({"length", "killwords", "end", "leeway"});
  const int64_t length = given[0] ? integer_argument(*given[0], "length") : 255;
  const Text end = given[2] ? text_argument(given[2], "end") : Text("...");
  const int64_t leeway = unless_none(given[3]) ? integer_argument(*given[3], "leeway") : 5;
  Text text = to_text(v, i.budget());
  const auto n = static_cast<int64_t>(count_characters(text.view())),
             m = static_cast<int64_t>(count_characters(end.view()));
  if (length < m || leeway < 0) throw Failure("the length must be that of the end at least");
  if (n <= length || n - length <= leeway) return Value(std::move(text));
  text = text.part(0, offset_of_character(text.view(), static_cast<size_t>(length - m)));
  const size_t blank = given[1] && truth(*given[1]) ? std::string::npos : text.bytes().rfind(' ');
  if (blank != std::string::npos) text = text.part(0, blank);
  text.append(end);
  return Value(std::move(text));
}

Value count_words(I& i, const Value& v, A&) {
  const Text text = to_text(v, i.budget());
  i.budget().work(text.size());
  int64_t n = 0;
  bool within = false;
  for (size_t at = 0; at < text.size();) {
    const Character c = character_at(text.view(), at);
    const bool word = c.code == '_' || is_alphanumeric(c.code);
    n += word && !within ? 1 : 0;
    within = word;
    at += c.length;
  }
  return Value(n);
}

Value center(I& i, const Value& v, A& a) {
  const Value* width = a.bind({"width"})[0];
  A with{.positional = {width ? *width : Value(int64_t{80})}, .named = {}};
  return text_method("center")(i, Value(to_text(v, i.budget())), with);
}

Value attribute_of(I& i, const Value& v, A& a) {
  const std::string& name = text_argument(a.bind({"name"})[0], "name").bytes();
  // Not what a dict holds: that is reached by [].
  if (v.dict() && !dict_method(name)) return undefined("'dict object' has no attribute '" + name + "'");
  return attribute(v, name, i);
}

struct Row {
  std::string_view name;
  Operation operation;
};
constexpr std::array kFilters = {
    Row{"abs", magnitude},
    Row{"attr", attribute_of},
    Row{"capitalize", [](I& i, const Value& v, A&) { return mapped(i, v, capitalized); }},
    Row{"center", center},
    Row{"d", fallback},
    Row{"default", fallback},
    Row{"e", escaped},
    Row{"escape", escaped},
    Row{"float", to_real},
    Row{"forceescape", escaped},
    Row{"format", format},
    Row{"from_json",
        [](I& i, const Value& v, A&) { return from_json_text(text_argument(&v, "what is parsed"), i.budget()); }},
    Row{"fromjson",
        [](I& i, const Value& v, A&) { return from_json_text(text_argument(&v, "what is parsed"), i.budget()); }},
    Row{"indent", indent},
    Row{"int", to_whole},
    Row{"lower", [](I& i, const Value& v, A&) { return mapped(i, v, lower); }},
    Row{"replace", replace},
    Row{"round", rounded},
    Row{"safe", [](I& i, const Value& v, A&) { return Value(to_text(v, i.budget())); }},
    Row{"string", [](I& i, const Value& v, A&) { return Value(to_text(v, i.budget())); }},
    Row{"title", [](I& i, const Value& v, A&) { return mapped(i, v, titled_by_filter); }},
    Row{"tojson", json},
    Row{"trim", trim},
    Row{"truncate", truncate},
    Row{"upper", [](I& i, const Value& v, A&) { return mapped(i, v, upper); }},
    Row{"wordcount", count_words},
};

}  // namespace

Operation text_filter(std::string_view name) {
  for (const Row& row : kFilters)
    if (row.name == name) return row.operation;
  return nullptr;
}

}  // namespace tritium::jinja
