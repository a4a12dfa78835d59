// Statements: what stands between {% and %}, and the blocks that they make.
#include "text/jinja/parser.h"

#include <algorithm>
#include <array>

#include "base/format_text.h"

namespace tritium::jinja {

bool Parser::skip_symbol(std::string_view s) {
  if (!now().is_symbol(s)) return false;
  take();
  return true;
}

bool Parser::skip_name(std::string_view s) {
  if (!now().is_name(s)) return false;
  take();
  return true;
}

void Parser::fail(const std::string& what) const { throw Failure(what, now().place); }

void Parser::fail_unexpected(const std::string& wanted) const {
  const Token& token = now();
  std::string found;
  switch (token.kind) {
    case Token::Kind::end: found = "the template ends"; break;
    case Token::Kind::text: found = "text begins"; break;
    case Token::Kind::print_begin: found = "{{ begins"; break;
    case Token::Kind::print_end: found = "}} ends it"; break;
    case Token::Kind::block_begin: found = "{% begins"; break;
    case Token::Kind::block_end: found = "%} ends it"; break;
    case Token::Kind::string: found = "there is a string"; break;
    default: found = "there is " + token.text;
  }
  fail(wanted + " was expected, but " + found);
}

void Parser::expect_symbol(std::string_view s) {
  if (!skip_symbol(s)) fail_unexpected(std::string(s));
}

std::string Parser::expect_name(const char* what) {
  if (now().kind != Token::Kind::name) fail_unexpected(what);
  return take().text;
}

void Parser::expect_block_end() {
  if (now().kind != Token::Kind::block_end) fail_unexpected("%}");
  take();
}

Expression* Parser::make(Kind kind, Place place) {
  Expression& made = *syntax_.expressions.emplace_back(std::make_unique<Expression>());
  made.kind = kind;
  made.place = place;
  return &made;
}

Statement* Parser::make(Statement::Kind kind, Place place) {
  Statement& made = *syntax_.statements.emplace_back(std::make_unique<Statement>());
  made.kind = kind;
  made.place = place;
  return &made;
}

Syntax Parser::run() {
  syntax_.root = block({});
  return std::move(syntax_);
}

// Up to a tag that begins with one of these words, which is not taken; without any up to the end of the template.
Block Parser::block(std::initializer_list<std::string_view> ends) {
  const Level level(*this);
  const Place begun = now().place;
  Block statements;
  for (;;) {
    if (now().kind == Token::Kind::end) {
      if (ends.size() == 0) return statements;
      throw Failure(join("the block that begins here has no end: {% ", *(ends.end() - 1), " %} is missing"), begun);
    }
    const bool tag = now().kind == Token::Kind::block_begin;
    if (tag && next().kind == Token::Kind::name &&
        std::find(ends.begin(), ends.end(), std::string_view(next().text)) != ends.end())
      return statements;
    statements.push_back(statement());
  }
}

const Statement* Parser::statement() {
  const Token token = take();
  if (token.kind == Token::Kind::text) {
    Statement* text = make(Statement::Kind::text, token.place);
    text->text = token.text;
    return text;
  }
  if (token.kind == Token::Kind::print_begin) {
    Statement* print = make(Statement::Kind::print, token.place);
    print->expression = tuple();
    if (now().kind != Token::Kind::print_end) fail_unexpected("}}");
    take();
    return print;
  }
  const Token word = now();
  if (word.kind != Token::Kind::name) fail_unexpected("the name of a statement");
  take();
  if (word.text == "if") return branch(token.place);
  if (word.text == "for") return loop(token.place);
  if (word.text == "set") return set(token.place);
  if (word.text == "macro") return macro(token.place);
  if (word.text == "filter") return filter_block(token.place);
  if (word.text == "with") return with(token.place);
  if (word.text == "generation") return generation(token.place);
  if (word.text == "break") return jump(token.place, Statement::Kind::leave);
  if (word.text == "continue") return jump(token.place, Statement::Kind::go_on);
  constexpr std::array<std::string_view, 9> kRefused = {"call",  "include", "import", "from",      "extends",
                                                        "block", "do",      "trans",  "autoescape"};
  Failure failure(join("{% ", word.text, " %} is not a statement of chat templates"), word.place);
  if (std::find(kRefused.begin(), kRefused.end(), word.text) != kRefused.end()) {
    failure.what = join("{% ", word.text, " %} is not supported: chat templates stand alone");
    failure.unsupported = true;
  }
  throw failure;
}

const Statement* Parser::branch(Place place) {
  Statement* made = make(Statement::Kind::branch, place);
  do {
    const Expression* condition = tuple(false);
    expect_block_end();
    made->branches.push_back({condition, block({"elif", "else", "endif"})});
    take();
  } while (skip_name("elif"));
  if (skip_name("else")) {
    expect_block_end();
    made->otherwise = block({"endif"});
    take();
  }
  if (!skip_name("endif")) fail_unexpected("endif");
  expect_block_end();
  return made;
}

const Statement* Parser::loop(Place place) {
  Statement* made = make(Statement::Kind::loop, place);
  made->target = target(false);
  if (!skip_name("in")) fail_unexpected("in");
  made->expression = tuple(false);
  if (skip_name("if")) made->condition = expression();
  made->recursive = skip_name("recursive");
  expect_block_end();
  ++loops_;
  made->body = block({"else", "endfor"});
  --loops_;
  take();
  if (skip_name("else")) {
    expect_block_end();
    made->otherwise = block({"endfor"});
    take();
  }
  take();  // endfor
  expect_block_end();
  return made;
}

const Statement* Parser::set(Place place) {
  const Expression* to = target(true);
  if (skip_symbol("=")) {
    Statement* made = make(Statement::Kind::set, place);
    made->target = to;
    made->expression = tuple();
    expect_block_end();
    return made;
  }
  Statement* made = make(Statement::Kind::set_block, place);
  made->target = to;
  const Expression* through = nullptr;
  while (now().is_symbol("|")) through = one_filter(through);
  made->expression = through;
  expect_block_end();
  made->body = block({"endset"});
  take(), take();
  expect_block_end();
  return made;
}

const Statement* Parser::macro(Place place) {
  Statement* made = make(Statement::Kind::macro, place);
  made->name = expect_name("the macro's name");
  expect_symbol("(");
  while (!now().is_symbol(")")) {
    if (!made->parameters.empty()) expect_symbol(",");
    if (now().is_symbol(")")) break;
    Statement::Parameter parameter{.name = expect_name("a parameter's name")};
    if (skip_symbol("=")) {
      parameter.value = expression();
    } else if (!made->parameters.empty() && made->parameters.back().value) {
      fail("a parameter without a default follows one that has one");
    }
    made->parameters.push_back(std::move(parameter));
  }
  take();
  expect_block_end();
  const int loops = std::exchange(loops_, 0);
  const bool named_more = std::exchange(names_more_, false);
  made->body = block({"endmacro"});
  made->takes_more = names_more_;
  names_more_ = named_more || made->takes_more;
  loops_ = loops;
  take(), take();
  if (now().kind == Token::Kind::name) take();  // {% endmacro name %}
  expect_block_end();
  return made;
}

const Statement* Parser::filter_block(Place place) {
  Statement* made = make(Statement::Kind::filter, place);
  const Expression* through = one_filter(nullptr);
  while (now().is_symbol("|")) through = one_filter(through);
  made->expression = through;
  expect_block_end();
  made->body = block({"endfilter"});
  take(), take();
  expect_block_end();
  return made;
}

const Statement* Parser::with(Place place) {
  Statement* made = make(Statement::Kind::with, place);
  while (now().kind != Token::Kind::block_end) {
    if (!made->parameters.empty()) expect_symbol(",");
    Statement::Parameter parameter{.name = expect_name("a name")};
    expect_symbol("=");
    parameter.value = expression();
    made->parameters.push_back(std::move(parameter));
  }
  expect_block_end();
  made->body = block({"endwith"});
  take(), take();
  expect_block_end();
  return made;
}

const Statement* Parser::generation(Place place) {
  Statement* made = make(Statement::Kind::generation, place);
  expect_block_end();
  made->body = block({"endgeneration"});
  take(), take();
  expect_block_end();
  return made;
}

const Statement* Parser::jump(Place place, Statement::Kind kind) {
  const char* word = kind == Statement::Kind::leave ? "break" : "continue";
  if (loops_ == 0) throw Failure(join("{% ", word, " %} stands outside of a loop"), place);
  expect_block_end();
  return make(kind, place);
}

// What a value is given to: a name, several of them, or an attribute of a namespace.
const Expression* Parser::target(bool with_attribute) {
  const Place place = now().place;
  const auto one = [&]() -> const Expression* {
    const Level level(*this);
    if (skip_symbol("(")) {
      const Expression* inner = target(false);
      expect_symbol(")");
      return inner;
    }
    Expression* name = make(Kind::name, now().place);
    name->name = expect_name("a name");
    for (const char* reserved : {"true", "false", "none", "True", "False", "None"})
      if (name->name == reserved) throw Failure(join("a value cannot be given to ", reserved), name->place);
    return name;
  };
  const Expression* first = one();
  if (with_attribute && first->kind == Kind::name && skip_symbol(".")) {
    Expression* attribute = make(Kind::attribute, place);
    attribute->parts = {first};
    attribute->name = expect_name("a name");
    return attribute;
  }
  if (!now().is_symbol(",")) return first;
  Expression* several = make(Kind::tuple, place);
  several->parts = {first};
  while (skip_symbol(",")) {
    if (now().is_symbol("=") || now().is_name("in") || now().is_symbol(")") || now().kind == Token::Kind::block_end)
      break;
    several->parts.push_back(one());
  }
  return several;
}

}  // namespace tritium::jinja
