// Renders a template's tree: walks over it with the values of names.
#pragma once

#include <ctime>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja/budget.h"
#include "text/jinja/syntax.h"
#include "text/jinja/value.h"

namespace tritium::jinja {

// What a function was called with.
struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;

  // In the order of these names; null: not given. Fails for more of them and for other names.
  std::vector<const Value*> bind(std::initializer_list<const char*> names) const;
};

// Names and their values. What is not there is looked for in the scope around it.
struct Scope {
  std::shared_ptr<Scope> outer;
  std::vector<std::pair<std::string, Value>> names;
  bool kept = false;  // by a macro that was defined in it

  void set(const std::string& name, Value value);
};
using ScopePointer = std::shared_ptr<Scope>;

// A filter, a test, or a method: what it is done to, and with what.
using Operation = Value (*)(Interpreter&, const Value&, Arguments&);

class Interpreter {
 public:
  Interpreter(Budget& budget, std::tm now) : budget_(budget), now_(now) {}
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  // The text, with marks. Throws Failure.
  Text run(const Syntax& syntax, std::vector<std::pair<std::string, Value>> variables);

  Budget& budget() { return budget_; }
  const std::tm& now() const { return now_; }
  Value call(const Value& callee, Arguments& arguments);
  Value filter(const std::string& name, const Value& subject, Arguments& arguments);
  bool test(const std::string& name, const Value& subject, Arguments& arguments);
  // What is let go at the end of the run, since it may hold itself.
  void keep(const std::shared_ptr<Namespace>& made) { namespaces_.push_back(made); }
  void keep(const Value& changed) { changed_.push_back(changed); }

 private:
  enum class Flow { on, leave, again };

  // interpreter.cpp
  Flow run_block(const Block& block, const ScopePointer& scope, Text& out);
  Flow run_statement(const Statement& s, const ScopePointer& scope, Text& out);
  Flow run_branch(const Statement& s, const ScopePointer& scope, Text& out);
  void run_loop(const Statement& s, const Value& over, const ScopePointer& scope, int level, Text& out);
  std::vector<Value> loop_items(const Statement& s, const Value& over, const ScopePointer& scope);
  void run_set(const Statement& s, const ScopePointer& scope);
  Text text_of_block(const Block& block, const ScopePointer& scope);
  void define_macro(const Statement& s, const ScopePointer& scope);
  Value call_macro(const Statement& s, const ScopePointer& scope, Arguments& arguments);
  void assign(const Expression& target, Value value, const ScopePointer& scope);
  void write(const Text& text, Text& out);
  ScopePointer scope_in(const ScopePointer& outer);

  // evaluate.cpp
  Value evaluate(const Expression& e, const ScopePointer& scope);
  Value evaluated(const Expression& e, const ScopePointer& scope);
  Value look_up(const Expression& e, const ScopePointer& scope);
  Value call_expression(const Expression& e, const ScopePointer& scope);
  Value compare_chain(const Expression& e, const ScopePointer& scope);
  Value item(const Expression& e, const ScopePointer& scope);
  Value through_filters(const Expression& e, const Value& subject, const ScopePointer& scope);
  Arguments arguments(const Expression& e, const ScopePointer& scope);

  Budget& budget_;
  std::tm now_;
  std::vector<std::shared_ptr<Namespace>> namespaces_;
  std::vector<ScopePointer> scopes_;
  std::vector<Value> changed_;
};

// arithmetic.cpp
Value binary(const std::string& op, const Value& a, const Value& b, Budget& budget);
Value negative(const Value& value);
bool contains(const Value& container, const Value& value, Budget& budget);
// attributes.cpp: value.name and value[index], undefined where there is none.
Value attribute(const Value& value, const std::string& name, Interpreter& interpreter);
Value item_of(const Value& value, const Value& index, Interpreter& interpreter);
Value slice_of(const Value& value, const Value* begin, const Value* end, const Value* step, Budget& budget);
// Null: there is none of that name.
Operation text_method(std::string_view name);
Operation list_method(std::string_view name);
Operation dict_method(std::string_view name);
Operation text_filter(std::string_view name);
Operation sequence_filter(std::string_view name);
Operation value_test(std::string_view name);
std::optional<Value> global_function(const std::string& name);
// format.cpp: "%s" % values, and "{}".format(values).
Text format_percent(const Text& format, const Value& values, Budget& budget);
Text format_braces(const Text& format, const Arguments& arguments, Interpreter& interpreter);
std::string format_time(const std::string& format, const std::tm& now, Budget& budget);
Value from_json_text(const Text& text, Budget& budget);

// What arguments are to be; `what` names them in the error.
const Text& text_argument(const Value* value, const char* what);
int64_t integer_argument(const Value& value, const char* what);

}  // namespace tritium::jinja
