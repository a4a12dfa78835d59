// What templates compute with: Python's values, as far as JSON and templates make them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/json.h"
#include "text/jinja/budget.h"
#include "text/jinja/text.h"

namespace tritium::jinja {

class Interpreter;
class Value;
struct Arguments;

// A name that nobody gave a value: prints as nothing, is false and empty, and fails with this sentence when more is
// asked of it.
struct Undefined {
  std::shared_ptr<const std::string> why;
  bool operator==(const Undefined&) const { return true; }
};
struct List;
struct Dict;
struct Namespace;
struct Loop;
// A function, a macro or a bound method.
struct Function {
  std::string name;
  std::function<Value(Interpreter&, Arguments&)> call;
};

class Value {
 public:
  Value() = default;  // None
  explicit Value(Undefined value) : value_(std::move(value)) {}
  explicit Value(bool value) : value_(value) {}
  explicit Value(int64_t value) : value_(value) {}
  explicit Value(double value) : value_(value) {}
  explicit Value(Text value) : value_(std::make_shared<const Text>(std::move(value))) {}
  explicit Value(std::string value) : Value(Text(std::move(value))) {}
  explicit Value(const char* value) : Value(std::string(value)) {}
  explicit Value(std::shared_ptr<List> value) : value_(std::move(value)) {}
  explicit Value(std::shared_ptr<Dict> value) : value_(std::move(value)) {}
  explicit Value(std::shared_ptr<Namespace> value) : value_(std::move(value)) {}
  explicit Value(std::shared_ptr<Loop> value) : value_(std::move(value)) {}
  explicit Value(std::shared_ptr<const Function> value) : value_(std::move(value)) {}

  bool is_none() const { return std::holds_alternative<std::monostate>(value_); }
  const Undefined* undefined() const { return std::get_if<Undefined>(&value_); }
  const bool* boolean() const { return std::get_if<bool>(&value_); }
  const int64_t* integer() const { return std::get_if<int64_t>(&value_); }
  const double* real() const { return std::get_if<double>(&value_); }
  const Text* text() const { return pointer<const Text>(); }
  List* list() const { return pointer<List>(); }
  Dict* dict() const { return pointer<Dict>(); }
  Namespace* name_space() const { return pointer<Namespace>(); }
  Loop* loop() const { return pointer<Loop>(); }
  const Function* function() const { return pointer<const Function>(); }
  std::shared_ptr<const Text> shared_text() const { return std::get<std::shared_ptr<const Text>>(value_); }
  std::shared_ptr<List> shared_list() const { return std::get<std::shared_ptr<List>>(value_); }
  std::shared_ptr<Dict> shared_dict() const { return std::get<std::shared_ptr<Dict>>(value_); }
  std::shared_ptr<Loop> shared_loop() const { return std::get<std::shared_ptr<Loop>>(value_); }

  bool same_object(const Value& other) const { return value_ == other.value_; }

 private:
  template <typename T>
  T* pointer() const {
    const auto* held = std::get_if<std::shared_ptr<T>>(&value_);
    return held ? held->get() : nullptr;
  }
  std::variant<std::monostate, Undefined, bool, int64_t, double, std::shared_ptr<const Text>, std::shared_ptr<List>,
               std::shared_ptr<Dict>, std::shared_ptr<Namespace>, std::shared_ptr<Loop>,
               std::shared_ptr<const Function>>
      value_;
};

// Python's sequences and what iterates. A generator can be iterated once, has no length and no items.
struct List {
  enum class Kind : uint8_t { list, tuple, range, generator, keys, values, items };
  explicit List(std::vector<Value> items, Kind kind = Kind::list) : items(std::move(items)), kind(kind) {}
  ~List();
  List(const List&) = delete;
  List& operator=(const List&) = delete;

  std::vector<Value> items;
  Kind kind;
};

// In the order in which its members came.
struct Dict {
  using Member = std::pair<Value, Value>;
  Dict() = default;
  ~Dict();
  Dict(const Dict&) = delete;
  Dict& operator=(const Dict&) = delete;

  const Value* find(std::string_view name, Budget& budget) const;
  const Value* find(const Value& key, Budget& budget) const;
  // Replaces, or adds at the end. Fails for keys that can change.
  void set(const Value& key, Value value, Budget& budget);

  std::vector<Member> members;
};

struct Namespace {
  ~Namespace();
  std::vector<std::pair<std::string, Value>> members;
  const Value* find(std::string_view name) const;
  void set(const std::string& name, Value value);
};

// What a block sees of the loop that it is in.
struct Loop {
  Loop() = default;
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  std::vector<Value> items;
  size_t index = 0;                          // from 0
  int level = 0;                             // of a recursive loop, from 0
  std::optional<Value> changed;              // what changed() was given last
  std::function<Value(const Value&)> again;  // a recursive loop over what it is called with
};

Value make_list(std::vector<Value> items, Budget& budget, List::Kind kind = List::Kind::list);
// Strings of it, member names too, get these marks.
Value value_of(const Json& json, Budget& budget, uint8_t marks = 0);
Value undefined(std::string why);

bool truth(const Value& value);
// As Python's ==; <, negative: before. Fails where Python has no order.
bool equal(const Value& a, const Value& b, Budget& budget, int nesting = 0);
int compare(const Value& a, const Value& b, Budget& budget, int nesting = 0);
// Python's str() and repr().
Text to_text(const Value& value, Budget& budget);
Text to_repr(const Value& value, Budget& budget);
std::string real_to_text(double value);
// "a string", "a whole number", …, for errors.
std::string kind_of(const Value& value);
// The number that it is, bool included.
std::optional<double> number_of(const Value& value);
std::optional<int64_t> integer_of(const Value& value);
// Its elements, or what fails. Texts give characters, dicts names, generators what they have left.
std::vector<Value> elements(const Value& value, Budget& budget);
[[noreturn]] void fail_undefined(const Undefined& value);
// Fails for what nobody defined.
void need_defined(const Value& value);

struct JsonStyle {
  bool ascii = false;  // what is not ASCII as \uXXXX
  bool sorted = false;
  std::optional<std::string> indent;
  std::string comma = ", ";
  std::string colon = ": ";
};
Text to_json(const Value& value, const JsonStyle& style, Budget& budget);

}  // namespace tritium::jinja
