// A template as a tree. Its nodes lie in a pool, so that trees of any depth are freed without recursion.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "text/jinja/failure.h"
#include "text/jinja/value.h"

namespace tritium::jinja {

struct Expression {
  enum class Kind : uint8_t {
    constant,     // value
    name,         // name
    list,         // parts
    tuple,        // parts
    dict,         // parts: key, value, key, value, …
    attribute,    // parts[0].name
    item,         // parts[0][parts[1]]
    slice,        // begin, end, step: parts, null where absent; only within item
    call,         // parts[0](arguments)
    filter,       // parts[0] | name(arguments); null: the text of a block
    test,         // parts[0] is name(arguments)
    negative,     // -parts[0]
    positive,     // +parts[0]
    binary,       // parts[0] name parts[1]: + - * / // % **
    concatenate,  // parts, as texts
    compare,      // parts[0] operators[0] parts[1] operators[1] parts[2] …
    logical_and,
    logical_or,
    logical_not,
    conditional,  // parts[0] if parts[1] else parts[2], which may be null
  };
  struct Argument {
    std::string name;  // "": by place; "*", "**": many
    const Expression* value = nullptr;
  };

  Kind kind = Kind::constant;
  Place place;
  std::string name;
  Value value;
  std::vector<const Expression*> parts;
  std::vector<std::string> operators;
  std::vector<Argument> arguments;
};

struct Statement;
using Block = std::vector<const Statement*>;

struct Statement {
  enum class Kind : uint8_t {
    text,        // text
    print,       // expression
    branch,      // branches, otherwise
    loop,        // for target in expression if condition recursive: body, otherwise
    set,         // target = expression
    set_block,   // target = body through filters (expression, which may be null)
    macro,       // name(parameters): body
    filter,      // expression of body
    with,        // parameters as names: body
    generation,  // body is what the assistant says
    go_on,       // continue
    leave,       // break
  };
  struct Branch {
    const Expression* condition = nullptr;
    Block body;
  };
  struct Parameter {
    std::string name;
    const Expression* value = nullptr;  // null: none
  };

  Kind kind = Kind::text;
  Place place;
  std::string name;
  std::string text;
  const Expression* target = nullptr;  // a name, a tuple of targets, or an attribute of a namespace
  const Expression* expression = nullptr;
  const Expression* condition = nullptr;
  std::vector<Branch> branches;
  std::vector<Parameter> parameters;
  Block body;
  Block otherwise;
  bool recursive = false;
  bool takes_more = false;  // a macro that names varargs or kwargs
};

struct Syntax {
  std::vector<std::unique_ptr<Expression>> expressions;
  std::vector<std::unique_ptr<Statement>> statements;
  Block root;
};

}  // namespace tritium::jinja
