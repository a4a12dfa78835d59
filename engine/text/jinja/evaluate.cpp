// Expressions.
#include <algorithm>

#include "base/format_text.h"
#include "text/jinja/interpreter.h"

namespace tritium::jinja {

Value Interpreter::evaluate(const Expression& e, const ScopePointer& scope) {
  const Depth depth(budget_);
  budget_.step();
  try {
    return evaluated(e, scope);
  } catch (Failure& failure) {
    if (failure.where.line == 0) failure.where = e.place;
    throw;
  }
}

Value Interpreter::evaluated(const Expression& e, const ScopePointer& scope) {
  using Kind = Expression::Kind;
  const auto part = [&](size_t i) { return evaluate(*e.parts[i], scope); };
  switch (e.kind) {
    case Kind::constant: return e.value;
    case Kind::name: return look_up(e, scope);
    case Kind::list:
    case Kind::tuple: {
      std::vector<Value> items;
      for (size_t i = 0; i < e.parts.size(); ++i) items.push_back(part(i));
      return make_list(std::move(items), budget_, e.kind == Kind::list ? List::Kind::list : List::Kind::tuple);
    }
    case Kind::dict: {
      auto dict = std::make_shared<Dict>();
      for (size_t i = 0; i < e.parts.size(); i += 2) {
        const Value key = part(i);
        dict->set(key, part(i + 1), budget_);
      }
      return Value(std::move(dict));
    }
    case Kind::attribute: return attribute(part(0), e.name, *this);
    case Kind::item: return item(e, scope);
    case Kind::slice: throw Failure("a slice stands within brackets alone");
    case Kind::call: return call_expression(e, scope);
    case Kind::filter: return through_filters(e, Value(), scope);
    case Kind::test: {
      const Value subject = part(0);
      Arguments with = arguments(e, scope);
      return Value(test(e.name, subject, with));
    }
    case Kind::negative: return negative(part(0));
    case Kind::positive: return binary("+", Value(int64_t{0}), part(0), budget_);
    case Kind::binary: {
      const Value left = part(0);
      return binary(e.name, left, part(1), budget_);
    }
    case Kind::concatenate: {
      Text text;
      for (size_t i = 0; i < e.parts.size(); ++i) {
        const Text more = to_text(part(i), budget_);
        budget_.room(more.size());
        text.append(more);
      }
      return Value(std::move(text));
    }
    case Kind::compare: return compare_chain(e, scope);
    case Kind::logical_and: {
      Value left = part(0);
      return truth(left) ? part(1) : left;
    }
    case Kind::logical_or: {
      Value left = part(0);
      return truth(left) ? left : part(1);
    }
    case Kind::logical_not: return Value(!truth(part(0)));
    case Kind::conditional:
      if (truth(part(1))) return part(0);
      return e.parts[2] ? part(2) : undefined("the inline if has no else, and its condition is false");
  }
  return Value();
}

Value Interpreter::look_up(const Expression& e, const ScopePointer& scope) {
  for (const Scope* s = scope.get(); s; s = s->outer.get()) {
    budget_.work(8 * s->names.size());
    for (const auto& [name, value] : s->names)
      if (name == e.name) return value;
  }
  if (std::optional<Value> function = global_function(e.name)) return *std::move(function);
  return undefined("'" + e.name + "' is undefined");
}

Arguments Interpreter::arguments(const Expression& e, const ScopePointer& scope) {
  Arguments result;
  for (const Expression::Argument& argument : e.arguments) {
    Value value = evaluate(*argument.value, scope);
    if (argument.name.empty()) {
      result.positional.push_back(std::move(value));
    } else if (argument.name == "*") {
      for (Value& one : elements(value, budget_)) result.positional.push_back(std::move(one));
    } else if (argument.name == "**") {
      if (!value.dict()) throw Failure("what follows ** must be a dict, it is " + kind_of(value));
      budget_.room(value.dict()->members.size() * sizeof(Dict::Member));
      for (const auto& [key, one] : value.dict()->members)
        result.named.emplace_back(text_argument(&key, "the name of an argument").bytes(), one);
    } else {
      result.named.emplace_back(argument.name, std::move(value));
    }
  }
  return result;
}

Value Interpreter::call_expression(const Expression& e, const ScopePointer& scope) {
  const Value callee = evaluate(*e.parts[0], scope);
  Arguments with = arguments(e, scope);
  return call(callee, with);
}

Value Interpreter::call(const Value& callee, Arguments& with) {
  if (const Function* function = callee.function()) {
    try {
      return function->call(*this, with);
    } catch (Failure& failure) {
      if (failure.where.line == 0 && !failure.by_template) failure.what = function->name + ": " + failure.what;
      throw;
    }
  }
  if (callee.loop()) {
    const auto loop = callee.shared_loop();
    if (!loop->again) throw Failure("this loop cannot be called: its {% for %} does not say recursive");
    const std::vector<const Value*> over = with.bind({"iterable"});
    if (!over[0]) throw Failure("loop() needs what it shall go over");
    return loop->again(*over[0]);
  }
  need_defined(callee);
  throw Failure(kind_of(callee) + " cannot be called");
}

Value Interpreter::compare_chain(const Expression& e, const ScopePointer& scope) {
  Value left = evaluate(*e.parts[0], scope);
  for (size_t i = 0; i < e.operators.size(); ++i) {
    const std::string& op = e.operators[i];
    Value right = evaluate(*e.parts[i + 1], scope);
    bool holds = false;
    if (op == "==" || op == "!=") {
      holds = equal(left, right, budget_) == (op == "==");
    } else if (op == "in" || op == "not in") {
      holds = contains(right, left, budget_) == (op == "in");
    } else {
      const int order = compare(left, right, budget_);
      holds = order != 2 && (op == "<" ? order < 0 : op == "<=" ? order <= 0 : op == ">" ? order > 0 : order >= 0);
    }
    if (!holds) return Value(false);
    left = std::move(right);
  }
  return Value(true);
}

Value Interpreter::item(const Expression& e, const ScopePointer& scope) {
  const Value value = evaluate(*e.parts[0], scope);
  const Expression& index = *e.parts[1];
  if (index.kind != Expression::Kind::slice) return item_of(value, evaluate(index, scope), *this);
  std::vector<Value> bounds(3);
  std::vector<const Value*> given(3, nullptr);
  for (size_t i = 0; i < 3; ++i) {
    if (!index.parts[i]) continue;
    bounds[i] = evaluate(*index.parts[i], scope);
    if (!bounds[i].is_none()) given[i] = &bounds[i];
  }
  return slice_of(value, given[0], given[1], given[2], budget_);
}

// The innermost filter of a block has no expression before it: it gets the subject.
Value Interpreter::through_filters(const Expression& e, const Value& subject, const ScopePointer& scope) {
  const Depth depth(budget_);
  const Expression* before = e.parts[0];
  Value value = !before                                    ? subject
                : before->kind == Expression::Kind::filter ? through_filters(*before, subject, scope)
                                                           : evaluate(*before, scope);
  Arguments with = arguments(e, scope);
  try {
    return filter(e.name, value, with);
  } catch (Failure& failure) {
    if (failure.where.line == 0) failure.where = e.place;
    throw;
  }
}

Value Interpreter::filter(const std::string& name, const Value& subject, Arguments& with) {
  Operation operation = text_filter(name);
  if (!operation) operation = sequence_filter(name);
  if (!operation) throw Failure("there is no filter \"" + name + "\"");
  budget_.step();
  try {
    return operation(*this, subject, with);
  } catch (Failure& failure) {
    if (failure.where.line == 0) failure.what = "filter " + name + ": " + failure.what;
    throw;
  }
}

bool Interpreter::test(const std::string& name, const Value& subject, Arguments& with) {
  const Operation operation = value_test(name);
  if (!operation) throw Failure("there is no test \"" + name + "\"");
  budget_.step();
  try {
    return truth(operation(*this, subject, with));
  } catch (Failure& failure) {
    if (failure.where.line == 0) failure.what = "test " + name + ": " + failure.what;
    throw;
  }
}

const Text& text_argument(const Value* value, const char* what) {
  if (!value) throw Failure(std::string(what) + " is missing");
  need_defined(*value);
  if (!value->text()) throw Failure(std::string(what) + " must be a string, it is " + kind_of(*value));
  return *value->text();
}

int64_t integer_argument(const Value& value, const char* what) {
  need_defined(value);
  const std::optional<int64_t> whole = integer_of(value);
  if (!whole) throw Failure(std::string(what) + " must be a whole number, it is " + kind_of(value));
  return *whole;
}

}  // namespace tritium::jinja
