// Methods of strings.
#include <algorithm>
#include <array>

#include "text/jinja/characters.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/pieces.h"

namespace tritium::jinja {
namespace {

using I = Interpreter;
using A = Arguments;

Value list_of(std::vector<Text> texts, Budget& budget, List::Kind kind = List::Kind::list) {
  std::vector<Value> items;
  items.reserve(texts.size());
  for (Text& text : texts) items.emplace_back(std::move(text));
  return make_list(std::move(items), budget, kind);
}

const Value* unless_none(const Value* value) { return value && !value->is_none() ? value : nullptr; }

template <Side side>
Value strip(I& i, const Value& v, A& a) {
  const Value* chars = unless_none(a.bind({"chars"})[0]);
  return Value(stripped(*v.text(), side, chars ? &text_argument(chars, "chars") : nullptr, i.budget()));
}

template <bool from_right>
Value split_text(I& i, const Value& v, A& a) {
  const auto given = a.bind({"sep", "maxsplit"});
  const Value* separator = unless_none(given[0]);
  const int64_t most = given[1] ? integer_argument(*given[1], "maxsplit") : -1;
  return list_of(split(*v.text(), separator ? &text_argument(separator, "sep") : nullptr, most, from_right, i.budget()),
                 i.budget());
}

template <bool at_end>
Value starts_or_ends(I& i, const Value& v, A& a) {
  const auto given = a.bind({"prefix", "start", "end"});
  if (!given[0]) throw Failure("needs what to look for");
  const Value part = given[1] || given[2] ? slice_of(v, given[1], unless_none(given[2]), nullptr, i.budget()) : v;
  const std::string_view text = part.text()->view();
  const auto one = [&](const Value& value) {
    const std::string_view wanted = text_argument(&value, "what is looked for").view();
    i.budget().work(wanted.size());
    return at_end ? text.ends_with(wanted) : text.starts_with(wanted);
  };
  if (!given[0]->list()) return Value(one(*given[0]));
  for (const Value& value : given[0]->list()->items)
    if (one(value)) return Value(true);
  return Value(false);
}

Value replace(I& i, const Value& v, A& a) {
  const auto given = a.bind({"old", "new", "count"});
  const int64_t most = given[2] ? integer_argument(*given[2], "count") : -1;
  return Value(replaced(*v.text(), text_argument(given[0], "old"), text_argument(given[1], "new"), most, i.budget()));
}

// The index of a character, -1: nowhere.
template <bool last>
int64_t found_at(I& i, const Value& v, A& a) {
  const auto given = a.bind({"sub", "start"});
  const Text& part = text_argument(given[0], "sub");
  int64_t skipped = given[1] ? integer_argument(*given[1], "start") : 0;
  if (skipped < 0) skipped = std::max<int64_t>(0, skipped + static_cast<int64_t>(count_characters(v.text()->view())));
  const size_t from = offset_of_character(v.text()->view(), static_cast<size_t>(skipped));
  const size_t at =
      last ? find_last(*v.text(), part.view(), i.budget()) : find_part(*v.text(), part.view(), from, i.budget());
  if (at == std::string::npos || at < from) return -1;
  return static_cast<int64_t>(count_characters(v.text()->view().substr(0, at)));
}

template <bool last>
Value index(I& i, const Value& v, A& a) {
  const int64_t at = found_at<last>(i, v, a);
  if (at < 0) throw Failure("the string does not contain it");
  return Value(at);
}

template <bool last>
Value partition(I& i, const Value& v, A& a) {
  const Text& separator = text_argument(a.bind({"sep"})[0], "sep");
  if (separator.empty()) throw Failure("the separator is empty");
  const Text& text = *v.text();
  const size_t at =
      last ? find_last(text, separator.view(), i.budget()) : find_part(text, separator.view(), 0, i.budget());
  if (at == std::string::npos)
    return list_of(last ? std::vector{Text(), Text(), text} : std::vector{text, Text(), Text()}, i.budget(),
                   List::Kind::tuple);
  return list_of({text.part(0, at), separator, text.part(at + separator.size(), text.size())}, i.budget(),
                 List::Kind::tuple);
}

template <bool suffix>
Value without(I&, const Value& v, A& a) {
  const Text& text = *v.text();
  const Text& part = text_argument(a.bind({"part"})[0], "what is removed");
  if (part.empty() || !(suffix ? text.view().ends_with(part.view()) : text.view().starts_with(part.view()))) return v;
  return Value(suffix ? text.part(0, text.size() - part.size()) : text.part(part.size(), text.size()));
}

Value count(I& i, const Value& v, A& a) {
  const Text& part = text_argument(a.bind({"sub"})[0], "sub");
  if (part.empty()) return Value(static_cast<int64_t>(count_characters(v.text()->view()) + 1));
  int64_t n = 0;
  for (size_t at = find_part(*v.text(), part.view(), 0, i.budget()); at != std::string::npos;
       at = find_part(*v.text(), part.view(), at + part.size(), i.budget()))
    ++n;
  return Value(n);
}

template <int where>  // of the text: -1 left, 0 in the middle, 1 right
Value justify(I& i, const Value& v, A& a) {
  const auto given = a.bind({"width", "fillchar"});
  if (!given[0]) throw Failure("needs a width");
  const int64_t missing =
      integer_argument(*given[0], "width") - static_cast<int64_t>(count_characters(v.text()->view()));
  const std::string fill = given[1] ? text_argument(given[1], "fillchar").bytes() : " ";
  if (missing <= 0) return v;
  // In the middle as Python has it: the odd one goes to the left where the width is odd.
  const int64_t width = integer_argument(*given[0], "width");
  const int64_t before = where == 1 ? missing : where == -1 ? 0 : missing / 2 + (missing & width & 1);
  return Value(padded(*v.text(), before, missing - before, fill, i.budget()));
}

Value zfill(I& i, const Value& v, A& a) {
  const Value* width = a.bind({"width"})[0];
  if (!width) throw Failure("needs a width");
  const Text& text = *v.text();
  const int64_t missing = integer_argument(*width, "width") - static_cast<int64_t>(count_characters(text.view()));
  const size_t sign = !text.empty() && (text.bytes()[0] == '-' || text.bytes()[0] == '+') ? 1 : 0;
  Text result = text.part(0, sign);
  result.append(padded(text.part(sign, text.size()), missing, 0, "0", i.budget()));
  return Value(std::move(result));
}

Value join(I& i, const Value& v, A& a) {
  const Value* over = a.bind({"iterable"})[0];
  if (!over) throw Failure("needs what it shall join");
  std::vector<Text> parts;
  for (const Value& part : elements(*over, i.budget())) parts.push_back(text_argument(&part, "what is joined"));
  return Value(joined(parts, *v.text(), i.budget()));
}

// All characters are of this kind, and there is one.
Value all(I& i, const Value& v, bool (*holds)(uint32_t)) {
  i.budget().work(v.text()->size());
  for (size_t at = 0; at < v.text()->size();) {
    const Character c = character_at(v.text()->view(), at);
    if (!holds(c.code)) return Value(false);
    at += c.length;
  }
  return Value(!v.text()->empty());
}

Value is_cased(I& i, const Value& v, const char* test) {
  A none;
  return Value(i.test(test, v, none));
}

Value mapped(I& i, const Value& v, std::string (*map)(std::string_view)) {
  i.budget().room(v.text()->size());
  return Value(v.text()->changed(map(v.text()->view())));
}

std::string swapped(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    append_character(is_upper(c.code) ? to_lower(c.code) : to_upper(c.code), out);
    at += c.length;
  }
  return out;
}

struct Row {
  std::string_view name;
  Operation operation;
};
constexpr std::array kMethods = {
    Row{"capitalize", [](I& i, const Value& v, A&) { return mapped(i, v, capitalized); }},
    Row{"casefold", [](I& i, const Value& v, A&) { return mapped(i, v, lower); }},
    Row{"center", justify<0>},
    Row{"count", count},
    Row{"endswith", starts_or_ends<true>},
    Row{"find", [](I& i, const Value& v, A& a) { return Value(found_at<false>(i, v, a)); }},
    Row{"format", [](I& i, const Value& v, A& a) { return Value(format_braces(*v.text(), a, i)); }},
    Row{"index", index<false>},
    Row{"isalnum", [](I& i, const Value& v, A&) { return all(i, v, is_alphanumeric); }},
    Row{"isalpha", [](I& i, const Value& v, A&) { return all(i, v, is_letter); }},
    Row{"isdecimal", [](I& i, const Value& v, A&) { return all(i, v, is_decimal_digit); }},
    Row{"isdigit", [](I& i, const Value& v, A&) { return all(i, v, is_digit); }},
    Row{"islower", [](I& i, const Value& v, A&) { return is_cased(i, v, "lower"); }},
    Row{"isnumeric", [](I& i, const Value& v, A&) { return all(i, v, is_number); }},
    Row{"isspace", [](I& i, const Value& v, A&) { return all(i, v, is_space); }},
    Row{"isupper", [](I& i, const Value& v, A&) { return is_cased(i, v, "upper"); }},
    Row{"join", join},
    Row{"ljust", justify<-1>},
    Row{"lower", [](I& i, const Value& v, A&) { return mapped(i, v, lower); }},
    Row{"lstrip", strip<Side::left>},
    Row{"partition", partition<false>},
    Row{"removeprefix", without<false>},
    Row{"removesuffix", without<true>},
    Row{"replace", replace},
    Row{"rfind", [](I& i, const Value& v, A& a) { return Value(found_at<true>(i, v, a)); }},
    Row{"rindex", index<true>},
    Row{"rjust", justify<1>},
    Row{"rpartition", partition<true>},
    Row{"rsplit", split_text<true>},
    Row{"rstrip", strip<Side::right>},
    Row{"split", split_text<false>},
    Row{"splitlines",
        [](I& i, const Value& v, A& a) {
          const Value* keep = a.bind({"keepends"})[0];
          return list_of(lines_of(*v.text(), keep && truth(*keep), i.budget()), i.budget());
        }},
    Row{"startswith", starts_or_ends<false>},
    Row{"strip", strip<Side::both>},
    Row{"swapcase", [](I& i, const Value& v, A&) { return mapped(i, v, swapped); }},
    Row{"title", [](I& i, const Value& v, A&) { return mapped(i, v, titled); }},
    Row{"upper", [](I& i, const Value& v, A&) { return mapped(i, v, upper); }},
    Row{"zfill", zfill},
};

}  // namespace

Operation text_method(std::string_view name) {
  for (const Row& row : kMethods)
    if (row.name == name) return row.operation;
  return nullptr;
}

}  // namespace tritium::jinja
