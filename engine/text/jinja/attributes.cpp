// value.name, value[index] and value[begin:end:step]. Methods come before what a dict holds, as in Jinja2.
#include <algorithm>
#include <array>

#include "base/format_text.h"
#include "text/jinja/interpreter.h"
#include "text/utf8.h"

namespace tritium::jinja {
namespace {

Value bound(const Value& self, const std::string& name, Operation operation) {
  auto made = std::make_shared<Function>();
  made->name = name;
  made->call = [self, operation](Interpreter& interpreter, Arguments& arguments) {
    return operation(interpreter, self, arguments);
  };
  return Value(std::shared_ptr<const Function>(std::move(made)));
}

Value cycle(Interpreter&, const Value& self, Arguments& arguments) {
  if (arguments.positional.empty()) throw Failure("needs what it shall go through");
  return arguments.positional[self.loop()->index % arguments.positional.size()];
}

Value changed(Interpreter& interpreter, const Value& self, Arguments& arguments) {
  Budget& budget = interpreter.budget();
  Value now = make_list(arguments.positional, budget, List::Kind::tuple);
  Loop& loop = *self.loop();
  const bool differs = !loop.changed || !equal(*loop.changed, now, budget);
  loop.changed = std::move(now);
  return Value(differs);
}

Value loop_attribute(const Value& value, const std::string& name) {
  const Loop& loop = *value.loop();
  const auto number = [](size_t n) { return Value(static_cast<int64_t>(n)); };
  const size_t n = loop.items.size();
  if (name == "index") return number(loop.index + 1);
  if (name == "index0") return number(loop.index);
  if (name == "revindex") return number(n - loop.index);
  if (name == "revindex0") return number(n - loop.index - 1);
  if (name == "first") return Value(loop.index == 0);
  if (name == "last") return Value(loop.index + 1 == n);
  if (name == "length") return number(n);
  if (name == "depth") return number(static_cast<size_t>(loop.level) + 1);
  if (name == "depth0") return number(static_cast<size_t>(loop.level));
  if (name == "previtem") return loop.index > 0 ? loop.items[loop.index - 1] : undefined("there is no previous item");
  if (name == "nextitem") return loop.index + 1 < n ? loop.items[loop.index + 1] : undefined("there is no next item");
  if (name == "cycle") return bound(value, name, cycle);
  if (name == "changed") return bound(value, name, changed);
  return undefined("the loop has no attribute '" + name + "'");
}

// Methods of Python's that change nothing are what a dict's, a list's and a string's attributes are.
Operation method_of(const Value& value, std::string_view name) {
  if (value.text()) return text_method(name);
  if (value.dict()) return dict_method(name);
  return value.list() ? list_method(name) : nullptr;
}

std::string missing(const Value& value, const std::string& name) {
  if (value.dict()) return "'dict object' has no attribute '" + name + "'";
  return kind_of(value) + " has no attribute '" + name + "'";
}

std::optional<size_t> index_in(size_t n, int64_t index) {
  const auto size = static_cast<int64_t>(n);
  if (index < 0) index += size;
  return index < 0 || index >= size ? std::nullopt : std::optional(static_cast<size_t>(index));
}

Value character_of(const Text& text, int64_t index, Budget& budget) {
  budget.work(text.size());
  const std::optional<size_t> at = index_in(count_characters(text.view()), index);
  if (!at) return undefined(join("a string has no character ", index));
  const size_t begin = offset_of_character(text.view(), *at);
  return Value(text.part(begin, begin + utf8_length(text.view().substr(begin))));
}

bool can_be_indexed(const List& list) {
  return list.kind == List::Kind::list || list.kind == List::Kind::tuple || list.kind == List::Kind::range;
}

// The indices that a slice takes, as Python counts them.
struct Range {
  int64_t begin = 0, end = 0, step = 1;
};

Range range_of(int64_t n, const Value* begin, const Value* end, const Value* step) {
  Range r{.step = step ? integer_argument(*step, "the step of a slice") : 1};
  if (r.step == 0) throw Failure("the step of a slice is zero");
  const auto bound = [&](const Value* value, int64_t otherwise) {
    if (!value) return otherwise;
    int64_t at = integer_argument(*value, "an end of a slice");
    if (at < 0) at = at < -n ? -1 : at + n;
    if (r.step > 0) return std::clamp<int64_t>(at, 0, n);
    return std::clamp<int64_t>(at, -1, n - 1);
  };
  r.begin = bound(begin, r.step > 0 ? 0 : n - 1);
  r.end = bound(end, r.step > 0 ? n : -1);
  return r;
}

template <typename Take>
void each_index(const Range& r, Budget& budget, const Take& take) {
  for (int64_t i = r.begin; r.step > 0 ? i < r.end : i > r.end;) {
    budget.step();
    take(static_cast<size_t>(i));
    if (__builtin_add_overflow(i, r.step, &i)) break;
  }
}

Text text_slice(const Text& text, const Value* begin, const Value* end, const Value* step, Budget& budget) {
  budget.room(text.size());
  std::vector<size_t> starts;
  budget.room(text.size(), sizeof(size_t));
  for (size_t at = 0; at < text.size(); at += utf8_length(text.view().substr(at))) starts.push_back(at);
  const auto n = static_cast<int64_t>(starts.size());
  starts.push_back(text.size());
  const Range r = range_of(n, begin, end, step);
  if (r.step == 1)
    return r.begin < r.end ? text.part(starts[static_cast<size_t>(r.begin)], starts[static_cast<size_t>(r.end)])
                           : Text();
  Text result;
  each_index(r, budget, [&](size_t i) { result.append(text, starts[i], starts[i + 1]); });
  return result;
}

}  // namespace

Value attribute(const Value& value, const std::string& name, Interpreter& interpreter) {
  need_defined(value);
  if (value.loop()) return loop_attribute(value, name);
  if (const Namespace* space = value.name_space()) {
    const Value* there = space->find(name);
    return there ? *there : undefined("the namespace has no attribute '" + name + "'");
  }
  if (const Operation operation = method_of(value, name)) return bound(value, name, operation);
  if (value.dict())
    if (const Value* there = value.dict()->find(name, interpreter.budget())) return *there;
  return undefined(missing(value, name));
}

Value item_of(const Value& value, const Value& index, Interpreter& interpreter) {
  need_defined(value);
  Budget& budget = interpreter.budget();
  if (const Dict* dict = value.dict()) {
    if (const Value* there = dict->find(index, budget)) return *there;
  } else if (const auto at = integer_of(index)) {
    if (value.text()) return character_of(*value.text(), *at, budget);
    if (value.list() && can_be_indexed(*value.list())) {
      const std::optional<size_t> place = index_in(value.list()->items.size(), *at);
      return place ? value.list()->items[*place] : undefined(join(kind_of(value), " has no element ", *at));
    }
  }
  if (!index.text()) return undefined(missing(value, to_text(index, budget).bytes()));
  const std::string& name = index.text()->bytes();
  if (value.loop() || value.name_space()) return attribute(value, name, interpreter);
  if (const Operation operation = method_of(value, name)) return bound(value, name, operation);
  return undefined(missing(value, name));
}

Value slice_of(const Value& value, const Value* begin, const Value* end, const Value* step, Budget& budget) {
  need_defined(value);
  if (value.text()) return Value(text_slice(*value.text(), begin, end, step, budget));
  if (!value.list() || !can_be_indexed(*value.list())) return undefined(kind_of(value) + " cannot be sliced");
  const std::vector<Value>& items = value.list()->items;
  std::vector<Value> taken;
  each_index(range_of(static_cast<int64_t>(items.size()), begin, end, step), budget, [&](size_t i) {
    budget.room(sizeof(Value));
    taken.push_back(items[i]);
  });
  const List::Kind kind = value.list()->kind;
  return make_list(std::move(taken), budget, kind == List::Kind::tuple ? kind : List::Kind::list);
}

}  // namespace tritium::jinja
