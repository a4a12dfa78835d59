// What stands after `is`.
#include <array>

#include "text/jinja/characters.h"
#include "text/jinja/interpreter.h"

namespace tritium::jinja {
namespace {

using I = Interpreter;
using A = Arguments;

const Value& other(const A& arguments) {
  const std::vector<const Value*> given = arguments.bind({"other"});
  if (!given[0]) throw Failure("needs something to compare with");
  return *given[0];
}

bool is_sequence(const Value& v) {
  if (const List* list = v.list())
    return list->kind == List::Kind::list || list->kind == List::Kind::tuple || list->kind == List::Kind::range;
  return v.text() || v.dict() || v.undefined();
}

Value equals(I& i, const Value& v, A& a) { return Value(equal(v, other(a), i.budget())); }
Value differs(I& i, const Value& v, A& a) { return Value(!equal(v, other(a), i.budget())); }
template <typename Holds>
Value ordered(I& i, const Value& v, A& a, const Holds& holds) {
  const int order = compare(v, other(a), i.budget());
  return Value(order != 2 && holds(order));
}
Value even_or_odd(const Value& v, int64_t rest) {
  return Value(((integer_argument(v, "what is tested") % 2) + 2) % 2 == rest);
}
bool cased(const Value& v, I& i, bool (*wanted)(uint32_t), bool (*unwanted)(uint32_t)) {
  const Text text = to_text(v, i.budget());
  i.budget().work(text.size());
  bool any = false;
  for (size_t at = 0; at < text.size();) {
    const Character c = character_at(text.view(), at);
    if (unwanted(c.code)) return false;
    any = any || wanted(c.code);
    at += c.length;
  }
  return any;
}

struct Row {
  std::string_view name;
  Operation operation;
};
constexpr std::array kTests = {
    Row{"defined", [](I&, const Value& v, A&) { return Value(!v.undefined()); }},
    Row{"undefined", [](I&, const Value& v, A&) { return Value(v.undefined() != nullptr); }},
    Row{"none", [](I&, const Value& v, A&) { return Value(v.is_none()); }},
    Row{"boolean", [](I&, const Value& v, A&) { return Value(v.boolean() != nullptr); }},
    Row{"true", [](I&, const Value& v, A&) { return Value(v.boolean() && *v.boolean()); }},
    Row{"false", [](I&, const Value& v, A&) { return Value(v.boolean() && !*v.boolean()); }},
    Row{"integer", [](I&, const Value& v, A&) { return Value(v.integer() != nullptr); }},
    Row{"float", [](I&, const Value& v, A&) { return Value(v.real() != nullptr); }},
    Row{"number", [](I&, const Value& v, A&) { return Value(number_of(v).has_value()); }},
    Row{"string", [](I&, const Value& v, A&) { return Value(v.text() != nullptr); }},
    Row{"mapping", [](I&, const Value& v, A&) { return Value(v.dict() != nullptr); }},
    Row{"sequence", [](I&, const Value& v, A&) { return Value(is_sequence(v)); }},
    Row{"iterable", [](I&, const Value& v, A&) { return Value(v.list() || v.loop() || is_sequence(v)); }},
    Row{"callable", [](I&, const Value& v, A&) { return Value(v.function() || v.loop()); }},
    Row{"lower", [](I& i, const Value& v, A&) { return Value(cased(v, i, is_lower, is_upper)); }},
    Row{"upper", [](I& i, const Value& v, A&) { return Value(cased(v, i, is_upper, is_lower)); }},
    Row{"even", [](I&, const Value& v, A&) { return even_or_odd(v, 0); }},
    Row{"odd", [](I&, const Value& v, A&) { return even_or_odd(v, 1); }},
    Row{"divisibleby",
        [](I& i, const Value& v, A& a) {
          need_defined(v);
          return Value(equal(binary("%", v, other(a), i.budget()), Value(int64_t{0}), i.budget()));
        }},
    Row{"eq", equals},
    Row{"equalto", equals},
    Row{"==", equals},
    Row{"ne", differs},
    Row{"!=", differs},
    Row{"lt", [](I& i, const Value& v, A& a) { return ordered(i, v, a, [](int o) { return o < 0; }); }},
    Row{"lessthan", [](I& i, const Value& v, A& a) { return ordered(i, v, a, [](int o) { return o < 0; }); }},
    Row{"<", [](I& i, const Value& v, A& a) { return ordered(i, v, a, [](int o) { return o < 0; }); }},
    Row{"le", [](I& i, const Value& v, A& a) { return ordered(i, v, a, [](int o) { return o <= 0; }); }},
    Row{"<=", [](I& i, const Value& v, A& a) { return ordered(i, v, a, [](int o) { return o <= 0; }); }},
    Row{"gt", [](I& i, const Value& v, A& a) { return ordered(i, v, a, [](int o) { return o > 0; }); }},
    Row{"greaterthan", [](I& i, const Value& v, A& a) { return ordered(i, v, a, [](int o) { return o > 0; }); }},
    Row{">", [](I& i, const Value& v, A& a) { return ordered(i, v, a, [](int o) { return o > 0; }); }},
    Row{"ge", [](I& i, const Value& v, A& a) { return ordered(i, v, a, [](int o) { return o >= 0; }); }},
    Row{">=", [](I& i, const Value& v, A& a) { return ordered(i, v, a, [](int o) { return o >= 0; }); }},
    Row{"in", [](I& i, const Value& v, A& a) { return Value(contains(other(a), v, i.budget())); }},
    Row{"sameas",
        [](I&, const Value& v, A& a) {
          const Value& with = other(a);
          const bool numbers = number_of(v) && number_of(with);
          const bool kinds = !v.boolean() == !with.boolean() && !v.real() == !with.real();
          return Value(v.same_object(with) && (!numbers || kinds));
        }},
    Row{"escaped", [](I&, const Value&, A&) { return Value(false); }},
    Row{"filter",
        [](I&, const Value& v, A&) {
          return Value(v.text() && (text_filter(v.text()->view()) || sequence_filter(v.text()->view())));
        }},
    Row{"test", [](I&, const Value& v, A&) { return Value(v.text() && value_test(v.text()->view())); }},
};

}  // namespace

Operation value_test(std::string_view name) {
  for (const Row& row : kTests)
    if (row.name == name) return row.operation;
  return nullptr;
}

}  // namespace tritium::jinja
