// Filters of what has elements.
#include <algorithm>
#include <array>

#include "base/format_text.h"
#include "text/jinja/characters.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/pieces.h"

namespace tritium::jinja {
namespace {

using I = Interpreter;
using A = Arguments;
using Kind = List::Kind;

const Value* unless_none(const Value* value) { return value && !value->is_none() ? value : nullptr; }

// "a.b.0" of a value; without a path the value itself.
Value at_path(I& i, const Value& value, const Value* path) {
  if (!path) return value;
  if (integer_of(*path)) return item_of(value, *path, i);
  Value found = value;
  const Text dot(".");
  for (const Text& part : split(text_argument(path, "attribute"), &dot, -1, false, i.budget())) {
    const bool number =
        !part.empty() && part.size() < 18 && part.bytes().find_first_not_of("0123456789") == std::string::npos;
    found = item_of(found, number ? Value(int64_t{std::stoll(part.bytes())}) : Value(part), i);
  }
  return found;
}

// What is compared: the value, in lower case where case does not count.
Value key_of(I& i, const Value& value, const Value* path, bool with_case) {
  Value key = at_path(i, value, path);
  if (with_case || !key.text()) return key;
  i.budget().room(key.text()->size());
  return Value(key.text()->changed(lower(key.text()->view())));
}

struct Keyed {
  Value key;
  Value value;
};

std::vector<Keyed> sorted(I& i, const std::vector<Value>& values, const std::function<Value(const Value&)>& key,
                          bool backwards) {
  std::vector<Keyed> keyed;
  i.budget().room(values.size(), sizeof(Keyed));
  keyed.reserve(values.size());
  for (const Value& value : values) keyed.push_back({key(value), value});
  std::stable_sort(keyed.begin(), keyed.end(), [&](const Keyed& a, const Keyed& b) {
    return backwards ? compare(b.key, a.key, i.budget()) == -1 : compare(a.key, b.key, i.budget()) == -1;
  });
  return keyed;
}

Value values_of(I& i, std::vector<Keyed> keyed) {
  std::vector<Value> values;
  values.reserve(keyed.size());
  for (Keyed& one : keyed) values.push_back(std::move(one.value));
  return make_list(std::move(values), i.budget());
}

Value sort(I& i, const Value& v, A& a) {
  const auto given = a.bind({"reverse", "case_sensitive", "attribute"});
  const bool with_case = given[1] && truth(*given[1]);
  const Value* path = unless_none(given[2]);
  const Text comma(",");
  std::vector<Value> paths;
  if (path && path->text())
    for (const Text& one : split(*path->text(), &comma, -1, false, i.budget())) paths.emplace_back(one);
  const auto key = [&](const Value& value) {
    if (paths.size() < 2) return key_of(i, value, path, with_case);
    std::vector<Value> keys;
    keys.reserve(paths.size());
    for (const Value& one : paths) keys.push_back(key_of(i, value, &one, with_case));
    return make_list(std::move(keys), i.budget());
  };
  return values_of(i, sorted(i, elements(v, i.budget()), key, given[0] && truth(*given[0])));
}

Value sort_dict(I& i, const Value& v, A& a) {
  const auto given = a.bind({"case_sensitive", "by", "reverse"});
  need_defined(v);
  if (!v.dict()) throw Failure("needs a dict, not " + kind_of(v));
  const std::string by = given[1] ? text_argument(given[1], "by").bytes() : "key";
  if (by != "key" && by != "value") throw Failure("by must be 'key' or 'value'");
  A none;
  const std::vector<Value> pairs = elements(dict_method("items")(i, v, none), i.budget());
  const Value which(int64_t{by == "key" ? 0 : 1});
  const auto key = [&](const Value& pair) { return key_of(i, pair, &which, given[0] && truth(*given[0])); };
  return values_of(i, sorted(i, pairs, key, given[2] && truth(*given[2])));
}

Value unique(I& i, const Value& v, A& a) {
  const auto given = a.bind({"case_sensitive", "attribute"});
  std::vector<Value> keys, kept;
  for (const Value& value : elements(v, i.budget())) {
    Value key = key_of(i, value, unless_none(given[1]), given[0] && truth(*given[0]));
    const bool known = std::any_of(keys.begin(), keys.end(), [&](const Value& k) { return equal(k, key, i.budget()); });
    if (known) continue;
    keys.push_back(std::move(key));
    kept.push_back(value);
  }
  return make_list(std::move(kept), i.budget(), Kind::generator);
}

template <int direction>
Value extreme(I& i, const Value& v, A& a) {
  const auto given = a.bind({"case_sensitive", "attribute"});
  std::optional<Keyed> best;
  for (const Value& value : elements(v, i.budget())) {
    Value key = key_of(i, value, unless_none(given[1]), given[0] && truth(*given[0]));
    if (!best || compare(key, best->key, i.budget()) == direction) best = Keyed{std::move(key), value};
  }
  return best ? best->value : undefined("there is no element");
}

Value sum(I& i, const Value& v, A& a) {
  const auto given = a.bind({"attribute", "start"});
  Value total = given[1] ? *given[1] : Value(int64_t{0});
  for (const Value& value : elements(v, i.budget()))
    total = binary("+", total, at_path(i, value, unless_none(given[0])), i.budget());
  return total;
}

Value join(I& i, const Value& v, A& a) {
  const auto given = a.bind({"d", "attribute"});
  std::vector<Text> parts;
  for (const Value& value : elements(v, i.budget()))
    parts.push_back(to_text(at_path(i, value, unless_none(given[1])), i.budget()));
  return Value(joined(parts, given[0] ? to_text(*given[0], i.budget()) : Text(), i.budget()));
}

Value length(I&, const Value& v, A&) {
  if (v.undefined()) return Value(int64_t{0});
  if (v.text()) return Value(static_cast<int64_t>(count_characters(v.text()->view())));
  if (v.dict()) return Value(static_cast<int64_t>(v.dict()->members.size()));
  if (v.list() && v.list()->kind != Kind::generator) return Value(static_cast<int64_t>(v.list()->items.size()));
  throw Failure(kind_of(v) + " has no length");
}

Value first(I& i, const Value& v, A&) {
  if (v.list() && v.list()->kind == Kind::generator && !v.list()->items.empty()) {
    Value taken = v.list()->items.front();
    v.list()->items.erase(v.list()->items.begin());
    return taken;
  }
  if (v.list()) return v.list()->items.empty() ? undefined("there is no first element") : v.list()->items.front();
  const std::vector<Value> all = elements(v, i.budget());
  return all.empty() ? undefined("there is no first element") : all.front();
}

Value last(I& i, const Value& v, A&) {
  if (v.list() && v.list()->kind == Kind::generator)
    throw Failure("a generator has no last element; make a list of it");
  const std::vector<Value> all = elements(v, i.budget());
  return all.empty() ? undefined("there is no last element") : all.back();
}

Value reverse(I& i, const Value& v, A&) {
  std::vector<Value> all = elements(v, i.budget());
  std::reverse(all.begin(), all.end());
  if (!v.text()) return make_list(std::move(all), i.budget(), Kind::generator);
  std::vector<Text> parts;
  parts.reserve(all.size());
  for (const Value& one : all) parts.push_back(*one.text());
  return Value(joined(parts, Text(), i.budget()));
}

Value items(I& i, const Value& v, A& a) {
  if (v.undefined()) return make_list({}, i.budget(), Kind::generator);
  if (!v.dict()) throw Failure("needs a dict, not " + kind_of(v));
  return make_list(elements(dict_method("items")(i, v, a), i.budget()), i.budget(), Kind::generator);
}

// The filter or the test that stands in the arguments, from the one with this index on.
std::pair<std::string, A> named_in(const A& a, size_t at) {
  const std::string name = text_argument(&a.positional[at], "its name").bytes();
  return {name, A{.positional = {a.positional.begin() + static_cast<std::ptrdiff_t>(at) + 1, a.positional.end()},
                  .named = a.named}};
}

Value map(I& i, const Value& v, A& a) {
  std::vector<Value> mapped;
  if (a.positional.empty()) {
    const auto given = a.bind({"attribute", "default"});
    if (!given[0]) throw Failure("needs the name of a filter, or attribute=");
    for (const Value& value : elements(v, i.budget())) {
      Value found = at_path(i, value, given[0]);
      if (found.undefined() && given[1]) found = *given[1];
      mapped.push_back(std::move(found));
    }
  } else {
    auto [name, with] = named_in(a, 0);
    for (const Value& value : elements(v, i.budget())) mapped.push_back(i.filter(name, value, with));
  }
  return make_list(std::move(mapped), i.budget(), Kind::generator);
}

template <bool wanted, bool by_attribute>
Value select(I& i, const Value& v, A& a) {
  constexpr size_t kTest = by_attribute ? 1 : 0;
  if (by_attribute && a.positional.empty()) throw Failure("needs the name of an attribute");
  const Value* path = by_attribute ? &a.positional[0] : nullptr;
  std::vector<Value> selected;
  for (const Value& value : elements(v, i.budget())) {
    const Value tested = at_path(i, value, path);
    bool holds = truth(tested);
    if (a.positional.size() > kTest) {
      auto [name, with] = named_in(a, kTest);
      holds = i.test(name, tested, with);
    }
    if (holds == wanted) selected.push_back(value);
  }
  return make_list(std::move(selected), i.budget(), Kind::generator);
}

Value group(I& i, const Value& v, A& a) {
  const auto given = a.bind({"attribute", "default", "case_sensitive"});
  if (!given[0]) throw Failure("needs an attribute");
  const bool with_case = given[2] && truth(*given[2]);
  const auto key = [&](const Value& value) {
    Value found = key_of(i, value, given[0], with_case);
    return found.undefined() && given[1] ? *given[1] : found;
  };
  std::vector<Value> groups;
  std::optional<Value> current;
  for (const Keyed& one : sorted(i, elements(v, i.budget()), key, false)) {
    if (!current || !equal(*current, one.key, i.budget())) {
      groups.push_back(
          make_list({at_path(i, one.value, given[0]), make_list({}, i.budget())}, i.budget(), Kind::tuple));
      current = one.key;
    }
    groups.back().list()->items[1].list()->items.push_back(one.value);
  }
  return make_list(std::move(groups), i.budget());
}

Value batch(I& i, const Value& v, A& a) {
  const auto given = a.bind({"linecount", "fill_with"});
  const int64_t n = given[0] ? integer_argument(*given[0], "linecount") : 0;
  if (n < 1) throw Failure("needs how many shall stand together, 1 or more");
  std::vector<Value> rows, row;
  for (const Value& value : elements(v, i.budget())) {
    row.push_back(value);
    if (static_cast<int64_t>(row.size()) == n) rows.push_back(make_list(std::exchange(row, {}), i.budget()));
  }
  if (!row.empty()) {
    if (const Value* fill = unless_none(given[1])) {
      i.budget().room(static_cast<uint64_t>(n), sizeof(Value));
      row.resize(static_cast<size_t>(n), *fill);
    }
    rows.push_back(make_list(std::move(row), i.budget()));
  }
  return make_list(std::move(rows), i.budget(), Kind::generator);
}

struct Row {
  std::string_view name;
  Operation operation;
};
constexpr std::array kFilters = {
    Row{"batch", batch},
    Row{"count", length},
    Row{"dictsort", sort_dict},
    Row{"first", first},
    Row{"groupby", group},
    Row{"items", items},
    Row{"join", join},
    Row{"last", last},
    Row{"length", length},
    Row{"list", [](I& i, const Value& v, A&) { return make_list(elements(v, i.budget()), i.budget()); }},
    Row{"map", map},
    Row{"max", extreme<1>},
    Row{"min", extreme<-1>},
    Row{"reject", select<false, false>},
    Row{"rejectattr", select<false, true>},
    Row{"reverse", reverse},
    Row{"select", select<true, false>},
    Row{"selectattr", select<true, true>},
    Row{"sort", sort},
    Row{"sum", sum},
    Row{"unique", unique},
};

}  // namespace

Operation sequence_filter(std::string_view name) {
  for (const Row& row : kFilters)
    if (row.name == name) return row.operation;
  return nullptr;
}

}  // namespace tritium::jinja
