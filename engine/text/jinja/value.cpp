// Making values and looking into them.
#include "text/jinja/value.h"

#include <algorithm>
#include <cmath>

#include "base/format_text.h"
#include "text/utf8.h"

namespace tritium::jinja {
namespace {

bool holds_others(const Value& value) {
  return value.list() || value.dict() || value.name_space() || value.function() || value.loop();
}

// Values within values are let go one after another: a list in a list in a list … would fill the stack.
void let_go(std::vector<Value>& values) noexcept {
  static thread_local std::vector<Value>* waiting = nullptr;
  if (values.empty()) return;
  try {
    if (waiting) {
      for (Value& value : values)
        if (holds_others(value)) waiting->push_back(std::move(value));
      return;
    }
    std::vector<Value> mine;
    waiting = &mine;
    std::vector<Value> first = std::move(values);
    first.clear();
    while (!mine.empty()) {
      const Value last = std::move(mine.back());
      mine.pop_back();
    }
    waiting = nullptr;
  } catch (...) {
    waiting = nullptr;  // no memory for the list of them: the stack has to do
  }
}

template <typename Members>
void let_go_seconds(Members& members) {
  for (auto& member : members) {
    if (!holds_others(member.second)) continue;
    std::vector<Value> one;
    one.push_back(std::move(member.second));
    let_go(one);
  }
}

}  // namespace

List::~List() { let_go(items); }

Loop::~Loop() { let_go(items); }

Dict::~Dict() { let_go_seconds(members); }

Namespace::~Namespace() { let_go_seconds(members); }

const Value* Dict::find(std::string_view name, Budget& budget) const {
  budget.work(members.size() * 8 + name.size());
  for (const Member& member : members)
    if (const Text* key = member.first.text(); key && key->view() == name) return &member.second;
  return nullptr;
}

const Value* Dict::find(const Value& key, Budget& budget) const {
  if (const Text* name = key.text()) return find(name->view(), budget);
  budget.work(members.size() * 16);
  for (const Member& member : members)
    if (equal(member.first, key, budget)) return &member.second;
  return nullptr;
}

void Dict::set(const Value& key, Value value, Budget& budget) {
  const bool changes = key.dict() || key.name_space() || (key.list() && key.list()->kind != List::Kind::tuple);
  if (changes) throw Failure(kind_of(key) + " cannot be the key of a dict");
  if (const Value* there = find(key, budget)) {
    *const_cast<Value*>(there) = std::move(value);
    return;
  }
  budget.room(sizeof(Member));
  members.emplace_back(key, std::move(value));
}

const Value* Namespace::find(std::string_view name) const {
  for (const auto& [key, value] : members)
    if (key == name) return &value;
  return nullptr;
}

void Namespace::set(const std::string& name, Value value) {
  for (auto& member : members) {
    if (member.first != name) continue;
    member.second = std::move(value);
    return;
  }
  members.emplace_back(name, std::move(value));
}

Value make_list(std::vector<Value> items, Budget& budget, List::Kind kind) {
  budget.room(items.size() * sizeof(Value) + 64);
  return Value(std::make_shared<List>(std::move(items), kind));
}

// Json is as deep as parse_json lets it be.
Value value_of(const Json& json, Budget& budget, uint8_t marks) {
  const Depth depth(budget);
  budget.step();
  if (const bool* b = json.boolean()) return Value(*b);
  if (const int64_t* i = json.integer()) return Value(*i);
  if (const double* r = json.real()) return Value(*r);
  if (const std::string* text = json.text()) {
    budget.room(text->size() + 64);
    return Value(Text(*text, marks));
  }
  if (const Json::Array* array = json.array()) {
    std::vector<Value> items;
    items.reserve(array->size());
    for (const Json& item : *array) items.push_back(value_of(item, budget, marks));
    return make_list(std::move(items), budget);
  }
  if (const Json::Object* object = json.object()) {
    auto dict = std::make_shared<Dict>();
    budget.room(object->size() * sizeof(Dict::Member) + 64);
    for (const Json::Member& member : *object)
      dict->members.emplace_back(Value(Text(member.name, marks)), value_of(member.value, budget, marks));
    return Value(std::move(dict));
  }
  return Value();
}

Value undefined(std::string why) { return Value(Undefined{std::make_shared<const std::string>(std::move(why))}); }

void fail_undefined(const Undefined& value) { throw Failure(value.why ? *value.why : "this value is undefined"); }

void need_defined(const Value& value) {
  if (value.undefined()) fail_undefined(*value.undefined());
}

bool truth(const Value& value) {
  if (value.is_none() || value.undefined()) return false;
  if (const bool* b = value.boolean()) return *b;
  if (const int64_t* i = value.integer()) return *i != 0;
  if (const double* r = value.real()) return *r != 0;
  if (const Text* text = value.text()) return !text->empty();
  if (const List* list = value.list()) return list->kind == List::Kind::generator || !list->items.empty();
  if (const Dict* dict = value.dict()) return !dict->members.empty();
  return true;
}

std::string kind_of(const Value& value) {
  if (value.is_none()) return "None";
  if (value.undefined()) return "an undefined value";
  if (value.boolean()) return "a boolean";
  if (value.integer()) return "a whole number";
  if (value.real()) return "a number";
  if (value.text()) return "a string";
  if (value.dict()) return "a dict";
  if (value.name_space()) return "a namespace";
  if (value.loop()) return "the loop";
  if (value.function()) return "the function " + value.function()->name;
  switch (value.list()->kind) {
    case List::Kind::list: return "a list";
    case List::Kind::tuple: return "a tuple";
    case List::Kind::range: return "a range";
    case List::Kind::generator: return "a generator";
    default: return "a view of a dict";
  }
}

std::optional<int64_t> integer_of(const Value& value) {
  if (const bool* b = value.boolean()) return *b ? 1 : 0;
  if (const int64_t* i = value.integer()) return *i;
  return std::nullopt;
}

std::optional<double> number_of(const Value& value) {
  if (const double* r = value.real()) return *r;
  const std::optional<int64_t> whole = integer_of(value);
  return whole ? std::optional(static_cast<double>(*whole)) : std::nullopt;
}

namespace {

void check_nesting(int nesting, Budget& budget) {
  budget.step();
  if (nesting > budget.limits().nesting)
    throw Failure(join("values are nested more than ", budget.limits().nesting, " deep"));
}

bool equal_lists(const List& a, const List& b, Budget& budget, int nesting) {
  if (a.kind != b.kind || a.items.size() != b.items.size()) return false;
  for (size_t i = 0; i < a.items.size(); ++i)
    if (!equal(a.items[i], b.items[i], budget, nesting + 1)) return false;
  return true;
}

bool equal_dicts(const Dict& a, const Dict& b, Budget& budget, int nesting) {
  if (a.members.size() != b.members.size()) return false;
  for (const auto& [key, value] : a.members) {
    const Value* other = b.find(key, budget);
    if (!other || !equal(value, *other, budget, nesting + 1)) return false;
  }
  return true;
}

}  // namespace

bool equal(const Value& a, const Value& b, Budget& budget, int nesting) {
  check_nesting(nesting, budget);
  if (const auto x = integer_of(a), y = integer_of(b); x && y) return *x == *y;
  if (const auto x = number_of(a), y = number_of(b); x && y) return *x == *y;
  if (a.text() && b.text()) {
    if (a.text()->size() == b.text()->size()) budget.work(a.text()->size());
    return a.text()->bytes() == b.text()->bytes();
  }
  if (a.list() && b.list()) return a.same_object(b) || equal_lists(*a.list(), *b.list(), budget, nesting);
  if (a.dict() && b.dict()) return a.same_object(b) || equal_dicts(*a.dict(), *b.dict(), budget, nesting);
  return a.same_object(b);
}

int compare(const Value& a, const Value& b, Budget& budget, int nesting) {
  check_nesting(nesting, budget);
  need_defined(a), need_defined(b);
  if (const auto x = integer_of(a), y = integer_of(b); x && y) return *x < *y ? -1 : *x > *y;
  if (const auto x = number_of(a), y = number_of(b); x && y) {
    if (std::isnan(*x) || std::isnan(*y)) return 2;  // neither before, after nor the same
    return *x < *y ? -1 : *x > *y;
  }
  if (a.text() && b.text()) {
    budget.work(std::min(a.text()->size(), b.text()->size()));
    const int order = a.text()->bytes().compare(b.text()->bytes());  // UTF-8 sorts as its characters do
    return order < 0 ? -1 : order > 0;
  }
  if (a.list() && b.list() && a.list()->kind == b.list()->kind &&
      (a.list()->kind == List::Kind::list || a.list()->kind == List::Kind::tuple)) {
    const auto &x = a.list()->items, &y = b.list()->items;
    for (size_t i = 0; i < std::min(x.size(), y.size()); ++i)
      if (!equal(x[i], y[i], budget, nesting + 1)) return compare(x[i], y[i], budget, nesting + 1);
    return x.size() < y.size() ? -1 : x.size() > y.size();
  }
  throw Failure(kind_of(a) + " and " + kind_of(b) + " have no order");
}

std::vector<Value> elements(const Value& value, Budget& budget) {
  std::vector<Value> result;
  if (value.undefined()) return result;
  if (List* list = value.list()) {
    budget.room(list->items.size() * sizeof(Value));
    if (list->kind != List::Kind::generator) return list->items;
    result.swap(list->items);
  } else if (const Dict* dict = value.dict()) {
    budget.room(dict->members.size() * sizeof(Value));
    for (const auto& member : dict->members) result.push_back(member.first);
  } else if (const Text* text = value.text()) {
    budget.room(text->size(), 128);
    for (size_t at = 0; at < text->size();) {
      const size_t end = at + utf8_length(text->view().substr(at));
      result.emplace_back(text->part(at, end));
      at = end;
    }
  } else {
    throw Failure(kind_of(value) + " cannot be iterated");
  }
  return result;
}

}  // namespace tritium::jinja
