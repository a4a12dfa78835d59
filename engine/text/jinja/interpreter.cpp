// Statements.
#include "text/jinja/interpreter.h"

#include <algorithm>

#include "base/format_text.h"

namespace tritium::jinja {

std::vector<const Value*> Arguments::bind(std::initializer_list<const char*> names) const {
  std::vector<const Value*> bound(names.size(), nullptr);
  if (positional.size() > names.size())
    throw Failure(join("takes ", names.size(), " arguments at most, ", positional.size(), " were given"));
  for (size_t i = 0; i < positional.size(); ++i) bound[i] = &positional[i];
  for (const auto& [name, value] : named) {
    const auto* const found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) throw Failure("takes no argument \"" + name + "\"");
    bound[static_cast<size_t>(found - names.begin())] = &value;
  }
  return bound;
}

void Scope::set(const std::string& name, Value value) {
  for (auto& there : names) {
    if (there.first != name) continue;
    there.second = std::move(value);
    return;
  }
  names.emplace_back(name, std::move(value));
}

// What may hold itself is emptied; the oldest first, so that no long chain of them is left to be freed at once.
Interpreter::~Interpreter() {
  for (const auto& made : namespaces_) made->members.clear();
  for (const Value& value : changed_) {
    if (value.list()) value.list()->items.clear();
    if (value.dict()) value.dict()->members.clear();
  }
  for (const ScopePointer& scope : scopes_) scope->names.clear();
}

Text Interpreter::run(const Syntax& syntax, std::vector<std::pair<std::string, Value>> variables) {
  auto globals = std::make_shared<Scope>();
  globals->names = std::move(variables);
  Text out;
  run_block(syntax.root, scope_in(globals), out);
  return out;
}

ScopePointer Interpreter::scope_in(const ScopePointer& outer) {
  budget_.step();
  auto made = std::make_shared<Scope>();
  made->outer = outer;
  return made;
}

void Interpreter::write(const Text& text, Text& out) {
  budget_.room(text.size());
  if (text.size() > budget_.limits().output - std::min(out.size(), budget_.limits().output))
    throw Failure(join("makes a text of more than ", budget_.limits().output >> 20, " MiB"));
  out.append(text);
}

Interpreter::Flow Interpreter::run_block(const Block& block, const ScopePointer& scope, Text& out) {
  const Depth depth(budget_);
  for (const Statement* statement : block) {
    budget_.step();
    Flow flow = Flow::on;
    try {
      flow = run_statement(*statement, scope, out);
    } catch (Failure& failure) {
      if (failure.where.line == 0) failure.where = statement->place;
      throw;
    }
    if (flow != Flow::on) return flow;
  }
  return Flow::on;
}

Interpreter::Flow Interpreter::run_statement(const Statement& s, const ScopePointer& scope, Text& out) {
  using Kind = Statement::Kind;
  switch (s.kind) {
    case Kind::text: write(Text(s.text), out); break;
    case Kind::print: write(to_text(evaluate(*s.expression, scope), budget_), out); break;
    case Kind::branch: return run_branch(s, scope, out);
    case Kind::loop: run_loop(s, evaluate(*s.expression, scope), scope, 0, out); break;
    case Kind::set:
    case Kind::set_block: run_set(s, scope); break;
    case Kind::macro: define_macro(s, scope); break;
    case Kind::filter:
      write(to_text(through_filters(*s.expression, Value(text_of_block(s.body, scope)), scope), budget_), out);
      break;
    case Kind::with: {
      const ScopePointer inner = scope_in(scope);
      for (const auto& parameter : s.parameters) inner->set(parameter.name, evaluate(*parameter.value, scope));
      return run_block(s.body, inner, out);
    }
    case Kind::generation: {
      Text text;
      const Flow flow = run_block(s.body, scope_in(scope), text);
      text.mark_all(kOfAssistant);
      write(text, out);
      return flow;
    }
    case Kind::go_on: return Flow::again;
    case Kind::leave: return Flow::leave;
  }
  return Flow::on;
}

Interpreter::Flow Interpreter::run_branch(const Statement& s, const ScopePointer& scope, Text& out) {
  for (const Statement::Branch& branch : s.branches)
    if (truth(evaluate(*branch.condition, scope))) return run_block(branch.body, scope, out);
  return run_block(s.otherwise, scope, out);
}

// What the loop goes over, without what its condition leaves out.
std::vector<Value> Interpreter::loop_items(const Statement& s, const Value& over, const ScopePointer& scope) {
  std::vector<Value> items = elements(over, budget_);
  if (!s.condition) return items;
  std::vector<Value> wanted;
  for (Value& item : items) {
    const ScopePointer inner = scope_in(scope);
    assign(*s.target, item, inner);
    if (truth(evaluate(*s.condition, inner))) wanted.push_back(std::move(item));
  }
  return wanted;
}

void Interpreter::run_loop(const Statement& s, const Value& over, const ScopePointer& scope, int level, Text& out) {
  const Depth depth(budget_);
  auto loop = std::make_shared<Loop>();
  loop->items = loop_items(s, over, scope);
  loop->level = level;
  if (s.recursive)
    loop->again = [this, &s, where = std::weak_ptr<Scope>(scope), level](const Value& inner) {
      const ScopePointer outer = where.lock();
      if (!outer) throw Failure("this loop has ended: it cannot be called");
      Text text;
      run_loop(s, inner, outer, level + 1, text);
      return Value(std::move(text));
    };
  if (loop->items.empty()) {
    run_block(s.otherwise, scope_in(scope), out);
    return;
  }
  for (; loop->index < loop->items.size(); ++loop->index) {
    const ScopePointer inner = scope_in(scope);
    inner->set("loop", Value(loop));
    assign(*s.target, loop->items[loop->index], inner);
    if (run_block(s.body, inner, out) == Flow::leave) break;
  }
}

Text Interpreter::text_of_block(const Block& block, const ScopePointer& scope) {
  Text text;
  run_block(block, scope_in(scope), text);
  return text;
}

void Interpreter::run_set(const Statement& s, const ScopePointer& scope) {
  if (s.kind == Statement::Kind::set) return assign(*s.target, evaluate(*s.expression, scope), scope);
  Value text(text_of_block(s.body, scope));
  assign(*s.target, s.expression ? through_filters(*s.expression, text, scope) : text, scope);
}

void Interpreter::assign(const Expression& target, Value value, const ScopePointer& scope) {
  budget_.step();
  if (target.kind == Expression::Kind::name) return scope->set(target.name, std::move(value));
  if (target.kind == Expression::Kind::attribute) {
    const Value space = evaluate(*target.parts[0], scope);
    if (!space.name_space())
      throw Failure(
          "an attribute can be set of a namespace() alone, " + target.parts[0]->name + " is " + kind_of(space),
          target.place);
    budget_.room(64);
    return space.name_space()->set(target.name, std::move(value));
  }
  std::vector<Value> parts = elements(value, budget_);
  if (parts.size() != target.parts.size())
    throw Failure(
        join(target.parts.size(), " names are to get the values of ", kind_of(value), " that has ", parts.size()),
        target.place);
  for (size_t i = 0; i < parts.size(); ++i) assign(*target.parts[i], std::move(parts[i]), scope);
}

void Interpreter::define_macro(const Statement& s, const ScopePointer& scope) {
  if (!std::exchange(scope->kept, true)) {
    budget_.room(sizeof(Scope));
    scopes_.push_back(scope);
  }
  auto macro = std::make_shared<Function>();
  macro->name = s.name;
  macro->call = [&s, where = std::weak_ptr<Scope>(scope)](Interpreter& interpreter, Arguments& arguments) {
    return interpreter.call_macro(s, where.lock(), arguments);
  };
  scope->set(s.name, Value(std::shared_ptr<const Function>(std::move(macro))));
}

Value Interpreter::call_macro(const Statement& s, const ScopePointer& scope, Arguments& arguments) {
  const Depth depth(budget_);
  const size_t n = s.parameters.size();
  const ScopePointer inner = scope_in(scope);
  if (arguments.positional.size() > n && !s.takes_more)
    throw Failure(
        join("the macro ", s.name, " takes ", n, " arguments at most, ", arguments.positional.size(), " were given"));
  auto more = std::make_shared<Dict>();
  std::vector<const Value*> given(n, nullptr);
  for (size_t i = 0; i < std::min(n, arguments.positional.size()); ++i) given[i] = &arguments.positional[i];
  for (const auto& argument : arguments.named) {
    const std::string& name = argument.first;
    const Value& value = argument.second;
    const auto at =
        std::find_if(s.parameters.begin(), s.parameters.end(), [&](const auto& p) { return p.name == name; });
    if (at != s.parameters.end()) {
      const Value*& slot = given[static_cast<size_t>(at - s.parameters.begin())];
      if (slot) throw Failure("the macro " + s.name + " got " + name + " twice");
      slot = &value;
    } else if (s.takes_more) {
      more->set(Value(name), value, budget_);
    } else {
      throw Failure("the macro " + s.name + " takes no argument \"" + name + "\"");
    }
  }
  for (size_t i = 0; i < n; ++i) {
    const auto& parameter = s.parameters[i];
    inner->set(parameter.name, given[i]          ? *given[i]
                               : parameter.value ? evaluate(*parameter.value, inner)
                                                 : undefined("parameter '" + parameter.name + "' was not provided"));
  }
  if (s.takes_more) {
    const size_t first = std::min(n, arguments.positional.size());
    inner->set("varargs", make_list({arguments.positional.begin() + static_cast<std::ptrdiff_t>(first),
                                     arguments.positional.end()},
                                    budget_, List::Kind::tuple));
    inner->set("kwargs", Value(std::move(more)));
  }
  Text text;
  run_block(s.body, inner, text);
  return Value(std::move(text));
}

}  // namespace tritium::jinja
