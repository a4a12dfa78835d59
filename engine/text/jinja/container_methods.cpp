// Methods of dicts and lists.
#include <algorithm>
#include <array>

#include "text/jinja/interpreter.h"

namespace tritium::jinja {
namespace {

using I = Interpreter;
using A = Arguments;
using Kind = List::Kind;

const Value& needed(const Value* value, const char* what) {
  if (!value) throw Failure(std::string("needs ") + what);
  return *value;
}

// Constants belong to the template, which other runs use, too; lists of it are made anew each time, so none is shared.
List& changing(I& i, const Value& v) {
  if (v.list()->kind != Kind::list) throw Failure(kind_of(v) + " cannot be changed");
  i.budget().room(64);
  i.keep(v);
  return *v.list();
}

Dict& changing_dict(I& i, const Value& v) {
  i.budget().room(64);
  i.keep(v);
  return *v.dict();
}

Value get(I& i, const Value& v, A& a) {
  const auto given = a.bind({"key", "default"});
  const Value* there = v.dict()->find(needed(given[0], "a key"), i.budget());
  return there ? *there : given[1] ? *given[1] : Value();
}

Value view(I& i, const Value& v, Kind kind) {
  std::vector<Value> items;
  i.budget().room(v.dict()->members.size(), sizeof(Value) + 128);
  for (const auto& [key, value] : v.dict()->members)
    items.push_back(kind == Kind::keys     ? key
                    : kind == Kind::values ? value
                                           : Value(std::make_shared<List>(std::vector{key, value}, Kind::tuple)));
  return Value(std::make_shared<List>(std::move(items), kind));
}

Value take_member(I& i, const Value& v, A& a) {
  const auto given = a.bind({"key", "default"});
  Dict& dict = changing_dict(i, v);
  const Value* there = dict.find(needed(given[0], "a key"), i.budget());
  if (!there) {
    if (!given[1]) throw Failure("the dict has no such key");
    return *given[1];
  }
  const auto at =
      std::find_if(dict.members.begin(), dict.members.end(), [&](const auto& m) { return &m.second == there; });
  Value taken = at->second;
  dict.members.erase(at);
  return taken;
}

Value update(I& i, const Value& v, A& a) {
  Dict& dict = changing_dict(i, v);
  for (const Value& more : a.positional) {
    if (!more.dict()) throw Failure("needs a dict, not " + kind_of(more));
    for (const auto& [key, value] : std::vector(more.dict()->members)) dict.set(key, value, i.budget());
  }
  for (const auto& [name, value] : a.named) dict.set(Value(name), value, i.budget());
  return Value();
}

Value set_default(I& i, const Value& v, A& a) {
  const auto given = a.bind({"key", "default"});
  Dict& dict = changing_dict(i, v);
  if (const Value* there = dict.find(needed(given[0], "a key"), i.budget())) return *there;
  Value value = given[1] ? *given[1] : Value();
  dict.set(*given[0], value, i.budget());
  return value;
}

Value append(I& i, const Value& v, A& a) {
  const Value& item = needed(a.bind({"object"})[0], "what it shall append");
  List& list = changing(i, v);
  i.budget().room(2 * sizeof(Value));
  list.items.push_back(item);
  return Value();
}

Value extend(I& i, const Value& v, A& a) {
  List& list = changing(i, v);
  std::vector<Value> more = elements(needed(a.bind({"iterable"})[0], "what it shall append"), i.budget());
  i.budget().room(more.size(), 2 * sizeof(Value));
  list.items.insert(list.items.end(), more.begin(), more.end());
  return Value();
}

Value insert(I& i, const Value& v, A& a) {
  const auto given = a.bind({"index", "object"});
  List& list = changing(i, v);
  const auto n = static_cast<int64_t>(list.items.size());
  int64_t at = integer_argument(needed(given[0], "an index"), "the index");
  if (at < 0) at = at < -n ? 0 : at + n;
  i.budget().room(2 * sizeof(Value));
  i.budget().work(static_cast<uint64_t>(n));
  list.items.insert(list.items.begin() + std::min(at, n), needed(given[1], "what it shall insert"));
  return Value();
}

Value pop(I& i, const Value& v, A& a) {
  const Value* given = a.bind({"index"})[0];
  List& list = changing(i, v);
  const auto n = static_cast<int64_t>(list.items.size());
  int64_t at = given ? integer_argument(*given, "the index") : -1;
  if (at < 0) at += n;
  if (at < 0 || at >= n) throw Failure("the list has no such element");
  Value taken = list.items[static_cast<size_t>(at)];
  list.items.erase(list.items.begin() + at);
  i.budget().work(static_cast<uint64_t>(n));
  return taken;
}

Value index(I& i, const Value& v, A& a) {
  const Value& wanted = needed(a.bind({"value"})[0], "what it shall look for");
  for (size_t at = 0; at < v.list()->items.size(); ++at)
    if (equal(v.list()->items[at], wanted, i.budget())) return Value(static_cast<int64_t>(at));
  throw Failure("the list does not contain it");
}

Value count(I& i, const Value& v, A& a) {
  const Value& wanted = needed(a.bind({"value"})[0], "what it shall count");
  int64_t n = 0;
  for (const Value& item : v.list()->items) n += equal(item, wanted, i.budget()) ? 1 : 0;
  return Value(n);
}

struct Row {
  std::string_view name;
  Operation operation;
};
constexpr std::array kOfDicts = {
    Row{"get", get},
    Row{"items", [](I& i, const Value& v, A&) { return view(i, v, Kind::items); }},
    Row{"keys", [](I& i, const Value& v, A&) { return view(i, v, Kind::keys); }},
    Row{"values", [](I& i, const Value& v, A&) { return view(i, v, Kind::values); }},
    Row{"pop", take_member},
    Row{"update", update},
    Row{"setdefault", set_default},
    Row{"copy",
        [](I& i, const Value& v, A&) {
          i.budget().room(v.dict()->members.size(), sizeof(Dict::Member));
          auto made = std::make_shared<Dict>();
          made->members = v.dict()->members;
          return Value(std::move(made));
        }},
    Row{"clear",
        [](I& i, const Value& v, A&) {
          changing_dict(i, v).members.clear();
          return Value();
        }},
};
constexpr std::array kOfLists = {
    Row{"append", append},
    Row{"extend", extend},
    Row{"insert", insert},
    Row{"pop", pop},
    Row{"index", index},
    Row{"count", count},
    Row{"copy", [](I& i, const Value& v, A&) { return make_list(elements(v, i.budget()), i.budget()); }},
    Row{"clear",
        [](I& i, const Value& v, A&) {
          changing(i, v).items.clear();
          return Value();
        }},
    Row{"reverse",
        [](I& i, const Value& v, A&) {
          List& list = changing(i, v);
          i.budget().work(list.items.size() * sizeof(Value));
          std::reverse(list.items.begin(), list.items.end());
          return Value();
        }},
};

}  // namespace

Operation dict_method(std::string_view name) {
  for (const Row& row : kOfDicts)
    if (row.name == name) return row.operation;
  return nullptr;
}

Operation list_method(std::string_view name) {
  for (const Row& row : kOfLists)
    if (row.name == name) return row.operation;
  return nullptr;
}

}  // namespace tritium::jinja
