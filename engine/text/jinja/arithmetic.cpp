// Operators between two values, as Python has them for numbers, strings and lists.
#include <cmath>

#include "base/find_bytes.h"
#include "text/jinja/interpreter.h"

namespace tritium::jinja {
namespace {

[[noreturn]] void fail(const std::string& op, const Value& a, const Value& b) {
  need_defined(a), need_defined(b);
  throw Failure(op + " cannot be done with " + kind_of(a) + " and " + kind_of(b));
}

// By reference: read after `overflowed` was computed.
int64_t whole_or_fail(bool overflowed, const int64_t& value) {
  if (overflowed) throw Failure("the result is too large: whole numbers have 64 bits here");
  return value;
}

int64_t floor_divided(int64_t a, int64_t b) {
  if (b == 0) throw Failure("division by zero");
  if (b == -1) {
    int64_t result = 0;
    return whole_or_fail(__builtin_sub_overflow(int64_t{0}, a, &result), result);
  }
  return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}

int64_t power(int64_t base, int64_t exponent) {
  int64_t result = 1;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) whole_or_fail(__builtin_mul_overflow(result, base, &result), result);
    if (exponent > 1) whole_or_fail(__builtin_mul_overflow(base, base, &base), base);
  }
  return result;
}

Value whole(const std::string& op, int64_t a, int64_t b) {
  int64_t result = 0;
  if (op == "+") return Value(whole_or_fail(__builtin_add_overflow(a, b, &result), result));
  if (op == "-") return Value(whole_or_fail(__builtin_sub_overflow(a, b, &result), result));
  if (op == "*") return Value(whole_or_fail(__builtin_mul_overflow(a, b, &result), result));
  if (op == "//") return Value(floor_divided(a, b));
  if (op == "%") {
    if (b == 0) throw Failure("division by zero");
    return Value(b == -1 ? int64_t{0} : a - floor_divided(a, b) * b);
  }
  if (op == "**" && b >= 0) return Value(power(a, b));
  if (b == 0 && op == "/") throw Failure("division by zero");
  if (op == "**") {
    if (a == 0) throw Failure("zero cannot have a negative power");
    return Value(std::pow(static_cast<double>(a), static_cast<double>(b)));
  }
  return Value(static_cast<double>(a) / static_cast<double>(b));
}

Value real(const std::string& op, double a, double b) {
  if (op == "+") return Value(a + b);
  if (op == "-") return Value(a - b);
  if (op == "*") return Value(a * b);
  if (op == "**") return Value(std::pow(a, b));
  if (b == 0) throw Failure("division by zero");
  if (op == "/") return Value(a / b);
  if (op == "//") return Value(std::floor(a / b));
  double rest = std::fmod(a, b);
  if (rest != 0 && (rest < 0) != (b < 0)) rest += b;
  return Value(rest);
}

Value repeated(const Value& value, int64_t n, Budget& budget) {
  const uint64_t times = n < 0 ? 0 : static_cast<uint64_t>(n);
  if (const Text* text = value.text()) {
    budget.room(times, text->size() + 16);
    Text result;
    for (uint64_t i = 0; i < times && !text->empty(); ++i) result.append(*text);
    return Value(std::move(result));
  }
  const List& list = *value.list();
  budget.room(times, (list.items.size() + 1) * sizeof(Value));
  std::vector<Value> items;
  for (uint64_t i = 0; i < times; ++i) items.insert(items.end(), list.items.begin(), list.items.end());
  return make_list(std::move(items), budget, list.kind);
}

bool is_list_or_tuple(const Value& value) {
  return value.list() && (value.list()->kind == List::Kind::list || value.list()->kind == List::Kind::tuple);
}

}  // namespace

Value binary(const std::string& op, const Value& a, const Value& b, Budget& budget) {
  const auto x = integer_of(a), y = integer_of(b);
  if (x && y) return whole(op, *x, *y);
  if (const auto r = number_of(a), s = number_of(b); r && s) return real(op, *r, *s);
  if (op == "+" && a.text() && b.text()) {
    budget.room(a.text()->size() + b.text()->size());
    Text text = *a.text();
    text.append(*b.text());
    return Value(std::move(text));
  }
  if (op == "+" && is_list_or_tuple(a) && is_list_or_tuple(b) && a.list()->kind == b.list()->kind) {
    budget.room(a.list()->items.size() + b.list()->items.size(), sizeof(Value));
    std::vector<Value> items = a.list()->items;
    items.insert(items.end(), b.list()->items.begin(), b.list()->items.end());
    return make_list(std::move(items), budget, a.list()->kind);
  }
  if (op == "*" && y && (a.text() || is_list_or_tuple(a))) return repeated(a, *y, budget);
  if (op == "*" && x && (b.text() || is_list_or_tuple(b))) return repeated(b, *x, budget);
  if (op == "%" && a.text()) return Value(format_percent(*a.text(), b, budget));
  fail(op, a, b);
}

Value negative(const Value& value) {
  need_defined(value);
  if (const auto x = integer_of(value)) return whole("-", 0, *x);
  if (const double* r = value.real()) return Value(-*r);
  throw Failure("- cannot be done with " + kind_of(value));
}

bool contains(const Value& container, const Value& value, Budget& budget) {
  if (container.undefined()) return false;
  if (const Text* text = container.text()) {
    need_defined(value);
    if (!value.text()) throw Failure("a string can contain a string alone, not " + kind_of(value));
    const std::string& part = value.text()->bytes();
    budget.work(text->size() + part.size());
    return part.empty() || find_bytes(text->bytes(), part, 0) != std::string::npos;
  }
  if (const Dict* dict = container.dict()) return dict->find(value, budget) != nullptr;
  if (container.list()) {
    for (const Value& one : elements(container, budget))
      if (equal(one, value, budget)) return true;
    return false;
  }
  throw Failure("in cannot be done with " + kind_of(container));
}

}  // namespace tritium::jinja
