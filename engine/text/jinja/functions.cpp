// Functions that every template knows.
#include "base/format_text.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/pieces.h"

namespace tritium::jinja {
namespace {

using I = Interpreter;
using A = Arguments;

Value range(I& i, A& a) {
  const auto given = a.bind({"start", "stop", "step"});
  if (!given[0]) throw Failure("needs where to end");
  const int64_t begin = given[1] ? integer_argument(*given[0], "the start") : 0;
  const int64_t end = integer_argument(given[1] ? *given[1] : *given[0], "the end");
  const int64_t step = given[2] ? integer_argument(*given[2], "the step") : 1;
  if (step == 0) throw Failure("the step is zero");
  constexpr size_t kMost = 100000;  // as Jinja2's sandbox has it
  std::vector<Value> items;
  for (int64_t at = begin; step > 0 ? at < end : at > end;) {
    if (items.size() == kMost) throw Failure(join("gives more than ", kMost, " numbers"));
    items.emplace_back(at);
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  return make_list(std::move(items), i.budget(), List::Kind::range);
}

Value dict(I& i, A& a) {
  auto made = std::make_shared<Dict>();
  Value result(made);
  A all{.positional = std::move(a.positional), .named = std::move(a.named)};
  for (const Value& from : all.positional)
    if (from.list()) {
      for (const Value& pair : elements(from, i.budget())) {
        const std::vector<Value> two = elements(pair, i.budget());
        if (two.size() != 2) throw Failure("needs pairs");
        made->set(two[0], two[1], i.budget());
      }
    } else if (from.dict()) {
      for (const auto& [key, value] : from.dict()->members) made->set(key, value, i.budget());
    } else {
      throw Failure("cannot be made of " + kind_of(from));
    }
  for (const auto& [name, value] : all.named) made->set(Value(name), value, i.budget());
  return result;
}

Value name_space(I& i, A& a) {
  auto made = std::make_shared<Namespace>();
  i.budget().room(128);
  i.keep(made);
  for (const Value& from : a.positional) {
    if (!from.dict()) throw Failure("cannot be made of " + kind_of(from));
    for (const auto& [key, value] : from.dict()->members) made->set(text_argument(&key, "a name").bytes(), value);
  }
  for (const auto& [name, value] : a.named) made->set(name, value);
  return Value(made);
}

Value raise_exception(I& i, A& a) {
  const Value* message = a.bind({"message"})[0];
  Failure failure(message ? to_text(*message, i.budget()).bytes() : std::string("the template gave up"));
  failure.by_template = true;
  throw failure;
}

Value strftime_now(I& i, A& a) {
  return Value(format_time(text_argument(a.bind({"format"})[0], "format").bytes(), i.now(), i.budget()));
}

struct Row {
  const char* name;
  Value (*call)(I&, A&);
};
constexpr Row kFunctions[] = {{"range", range},
                              {"dict", dict},
                              {"namespace", name_space},
                              {"raise_exception", raise_exception},
                              {"strftime_now", strftime_now}};

}  // namespace

std::optional<Value> global_function(const std::string& name) {
  for (const Row& row : kFunctions)
    if (name == row.name)
      return Value(std::shared_ptr<const Function>(std::make_shared<Function>(Function{name, row.call})));
  return std::nullopt;
}

Value from_json_text(const Text& text, Budget& budget) {
  budget.work(text.size());
  const Result<Json> parsed = parse_json(text.view(), {.depth = 100});
  if (!parsed.ok()) throw Failure("is not JSON: " + parsed.message());
  return value_of(*parsed, budget, text.all_marks());
}

}  // namespace tritium::jinja
