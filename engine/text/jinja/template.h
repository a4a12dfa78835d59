// A chat template: Jinja2 as transformers sets it up (trim_blocks, lstrip_blocks, loop controls), for the part of it
// that chat templates use. It is parsed once and rendered any number of times. Templates come from strangers: they end,
// in memory that is known, whatever they say.
#pragma once

#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "text/jinja/budget.h"
#include "tritium/status.hpp"

namespace tritium::jinja {

struct Syntax;

struct Variable {
  std::string name;
  Json value;
  bool from_messages = false;  // its strings are what people and models wrote
};

struct ByteRange {
  size_t begin = 0;
  size_t end = 0;
  bool operator==(const ByteRange&) const = default;
};

struct Rendered {
  std::string text;
  std::vector<ByteRange> from_messages;  // what was written by people and models, sorted, apart from each other
  std::vector<ByteRange> of_assistant;   // what {% generation %} holds
};

class Template {
 public:
  // corrupt_file: not a template, or not UTF-8; unsupported: a statement that chat templates have no use for. Both say
  // "template: line L, column C: …".
  static Result<Template> parse(std::string_view source, const Limits& limits = {});

  // corrupt_file: what the template does fails, or needs more than the limits; invalid_argument: it calls
  // raise_exception(), since it does not like the messages. `now` is what strftime_now() prints.
  Result<Rendered> render(const std::vector<Variable>& variables, const std::tm& now) const;

  // Whether it says which words are the assistant's.
  bool marks_assistant() const;

 private:
  std::shared_ptr<const Syntax> syntax_;
  Limits limits_;
};

}  // namespace tritium::jinja
