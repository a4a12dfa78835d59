// A template's tokens -> its tree, by the grammar of Jinja2.
#pragma once

#include <initializer_list>
#include <string_view>

#include "text/jinja/budget.h"
#include "text/jinja/lexer.h"
#include "text/jinja/syntax.h"

namespace tritium::jinja {

class Parser {
 public:
  // How deep expressions and blocks may lie within each other: about ten calls each.
  static constexpr int kDeepest = 200;

  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}
  // Throws Failure.
  Syntax run();

 private:
  using Kind = Expression::Kind;
  class Level;

  const Token& now() const { return tokens_[at_]; }
  const Token& next() const { return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_]; }
  Token take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool skip_symbol(std::string_view s);
  bool skip_name(std::string_view s);
  void expect_symbol(std::string_view s);
  std::string expect_name(const char* what);
  void expect_block_end();
  [[noreturn]] void fail(const std::string& what) const;
  [[noreturn]] void fail_unexpected(const std::string& wanted) const;
  Expression* make(Kind kind, Place place);
  Statement* make(Statement::Kind kind, Place place);

  // parser.cpp
  Block block(std::initializer_list<std::string_view> ends);
  const Statement* statement();
  const Statement* branch(Place place);
  const Statement* loop(Place place);
  const Statement* set(Place place);
  const Statement* macro(Place place);
  const Statement* filter_block(Place place);
  const Statement* with(Place place);
  const Statement* generation(Place place);
  const Statement* jump(Place place, Statement::Kind kind);
  const Expression* target(bool with_attribute);

  // parse_expression.cpp; a conditional is `a if b else c`
  const Expression* expression(bool conditional = true);
  const Expression* tuple(bool conditional = true);
  const Expression* logical_or();
  const Expression* logical_and();
  const Expression* logical_not();
  const Expression* comparison();
  const Expression* sum();
  const Expression* concatenation();
  const Expression* product();
  const Expression* power();
  const Expression* unary(bool filters = true);
  const Expression* primary();
  const Expression* number();
  const Expression* list();
  const Expression* dict();
  const Expression* postfix(const Expression* value);
  const Expression* subscript(const Expression* value);
  const Expression* index();
  const Expression* filters(const Expression* value);
  const Expression* one_filter(const Expression* value);
  const Expression* one_test(const Expression* value);
  const Expression* call(const Expression* callee);
  std::vector<Expression::Argument> arguments();
  bool ends_tuple() const;

  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
  int loops_ = 0;            // around what is read now, within the same macro
  bool names_more_ = false;  // varargs or kwargs were named
  Syntax syntax_;
};

class Parser::Level {
 public:
  explicit Level(Parser& parser) : parser_(parser) {
    if (++parser_.depth_ > kDeepest) {
      --parser_.depth_;
      parser_.fail("expressions or blocks are nested too deeply");
    }
  }
  ~Level() { --parser_.depth_; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;

 private:
  Parser& parser_;
};

}  // namespace tritium::jinja
