// Expressions, from what binds least to what binds most.
#include <algorithm>
#include <charconv>

#include "base/format_text.h"
#include "text/jinja/parser.h"

namespace tritium::jinja {

const Expression* Parser::expression(bool conditional) {
  const Level level(*this);
  const Expression* value = logical_or();
  while (conditional && now().is_name("if")) {
    Expression* made = make(Kind::conditional, take().place);
    const Expression* condition = logical_or();
    const Expression* otherwise = skip_name("else") ? expression() : nullptr;
    made->parts = {value, condition, otherwise};
    value = made;
  }
  return value;
}

bool Parser::ends_tuple() const {
  const Token::Kind kind = now().kind;
  return kind == Token::Kind::block_end || kind == Token::Kind::print_end || now().is_symbol(")") ||
         now().is_name("recursive");
}

const Expression* Parser::tuple(bool conditional) {
  const Place place = now().place;
  std::vector<const Expression*> parts;
  bool several = false;
  while (!ends_tuple()) {
    parts.push_back(expression(conditional));
    if (!now().is_symbol(",")) break;
    several = true;
    take();
  }
  if (!several && !parts.empty()) return parts[0];
  if (parts.empty()) fail_unexpected("an expression");
  Expression* made = make(Kind::tuple, place);
  made->parts = std::move(parts);
  return made;
}

const Expression* Parser::logical_or() {
  const Expression* left = logical_and();
  while (now().is_name("or")) {
    Expression* made = make(Kind::logical_or, take().place);
    made->parts = {left, logical_and()};
    left = made;
  }
  return left;
}

const Expression* Parser::logical_and() {
  const Expression* left = logical_not();
  while (now().is_name("and")) {
    Expression* made = make(Kind::logical_and, take().place);
    made->parts = {left, logical_not()};
    left = made;
  }
  return left;
}

const Expression* Parser::logical_not() {
  if (!now().is_name("not")) return comparison();
  const Level level(*this);
  Expression* made = make(Kind::logical_not, take().place);
  made->parts = {logical_not()};
  return made;
}

const Expression* Parser::comparison() {
  const Place place = now().place;
  const Expression* first = sum();
  Expression* made = nullptr;
  for (;;) {
    std::string op;
    for (const char* symbol : {"==", "!=", "<", "<=", ">", ">="})
      if (now().is_symbol(symbol)) op = symbol;
    if (now().is_name("in")) op = "in";
    if (now().is_name("not") && next().is_name("in")) {
      take();
      op = "not in";
    }
    if (op.empty()) return made ? made : first;
    take();
    if (!made) {
      made = make(Kind::compare, place);
      made->parts = {first};
    }
    made->operators.push_back(op);
    made->parts.push_back(sum());
  }
}

const Expression* Parser::sum() {
  const Expression* left = concatenation();
  while (now().is_symbol("+") || now().is_symbol("-")) {
    Expression* made = make(Kind::binary, now().place);
    made->name = take().text;
    made->parts = {left, concatenation()};
    left = made;
  }
  return left;
}

const Expression* Parser::concatenation() {
  const Expression* first = product();
  if (!now().is_symbol("~")) return first;
  Expression* made = make(Kind::concatenate, now().place);
  made->parts = {first};
  while (skip_symbol("~")) made->parts.push_back(product());
  return made;
}

const Expression* Parser::product() {
  const Expression* left = power();
  while (now().is_symbol("*") || now().is_symbol("/") || now().is_symbol("//") || now().is_symbol("%")) {
    Expression* made = make(Kind::binary, now().place);
    made->name = take().text;
    made->parts = {left, power()};
    left = made;
  }
  return left;
}

// From the left, as Jinja2 has it: 2 ** 3 ** 2 is 64.
const Expression* Parser::power() {
  const Expression* left = unary();
  while (now().is_symbol("**")) {
    Expression* made = make(Kind::binary, now().place);
    made->name = take().text;
    made->parts = {left, unary()};
    left = made;
  }
  return left;
}

const Expression* Parser::unary(bool with_filters) {
  const Level level(*this);
  const Expression* value = nullptr;
  if (now().is_symbol("-") || now().is_symbol("+")) {
    Expression* made = make(now().is_symbol("-") ? Kind::negative : Kind::positive, now().place);
    take();
    made->parts = {unary(false)};
    value = made;
  } else {
    value = primary();
  }
  value = postfix(value);
  return with_filters ? filters(value) : value;
}

const Expression* Parser::primary() {
  const Token token = now();
  if (token.kind == Token::Kind::name) {
    take();
    const bool is_true = token.text == "true" || token.text == "True";
    if (is_true || token.text == "false" || token.text == "False") {
      Expression* made = make(Kind::constant, token.place);
      made->value = Value(is_true);
      return made;
    }
    if (token.text == "none" || token.text == "None") return make(Kind::constant, token.place);
    if (token.text == "varargs" || token.text == "kwargs") names_more_ = true;
    Expression* made = make(Kind::name, token.place);
    made->name = token.text;
    return made;
  }
  if (token.kind == Token::Kind::string) {
    std::string text;
    while (now().kind == Token::Kind::string) text += take().text;
    Expression* made = make(Kind::constant, token.place);
    made->value = Value(std::move(text));
    return made;
  }
  if (token.kind == Token::Kind::integer || token.kind == Token::Kind::real) return number();
  if (token.is_symbol("[")) return list();
  if (token.is_symbol("{")) return dict();
  if (!token.is_symbol("(")) fail_unexpected("an expression");
  take();
  const Expression* inner = now().is_symbol(")") ? make(Kind::tuple, token.place) : tuple();
  expect_symbol(")");
  return inner;
}

const Expression* Parser::number() {
  const Token token = take();
  Expression* made = make(Kind::constant, token.place);
  const char *begin = token.text.data(), *end = begin + token.text.size();
  if (token.kind == Token::Kind::real) {
    double value = 0;
    if (std::from_chars(begin, end, value).ec == std::errc::invalid_argument)
      throw Failure("this is not a number: " + token.text, token.place);
    made->value = Value(value);
    return made;
  }
  std::string digits = token.text;
  digits.erase(std::remove(digits.begin(), digits.end(), '_'), digits.end());
  int base = 10;
  if (digits.size() > 2 && digits[0] == '0' && (digits[1] | 32) > 'a') {
    base = (digits[1] | 32) == 'x' ? 16 : (digits[1] | 32) == 'o' ? 8 : 2;
    digits.erase(0, 2);
  }
  int64_t value = 0;
  const auto [stop, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (problem == std::errc::result_out_of_range)
    throw Failure("whole numbers have at most 63 bits here, this is " + token.text, token.place);
  if (problem != std::errc() || stop != digits.data() + digits.size())
    throw Failure("this is not a number: " + token.text, token.place);
  made->value = Value(value);
  return made;
}

const Expression* Parser::list() {
  Expression* made = make(Kind::list, take().place);
  while (!now().is_symbol("]")) {
    if (!made->parts.empty()) expect_symbol(",");
    if (now().is_symbol("]")) break;
    made->parts.push_back(expression());
  }
  take();
  return made;
}

const Expression* Parser::dict() {
  Expression* made = make(Kind::dict, take().place);
  while (!now().is_symbol("}")) {
    if (!made->parts.empty()) expect_symbol(",");
    if (now().is_symbol("}")) break;
    made->parts.push_back(expression());
    expect_symbol(":");
    made->parts.push_back(expression());
  }
  take();
  return made;
}

const Expression* Parser::postfix(const Expression* value) {
  for (;;) {
    if (now().is_symbol(".") || now().is_symbol("[")) {
      value = subscript(value);
    } else if (now().is_symbol("(")) {
      value = call(value);
    } else {
      return value;
    }
  }
}

const Expression* Parser::subscript(const Expression* value) {
  const Token token = take();
  if (token.is_symbol(".")) {
    if (now().kind == Token::Kind::integer) {
      Expression* made = make(Kind::item, token.place);
      made->parts = {value, number()};
      return made;
    }
    Expression* made = make(Kind::attribute, token.place);
    made->name = expect_name("a name");
    made->parts = {value};
    return made;
  }
  Expression* made = make(Kind::item, token.place);
  const Expression* first = index();
  if (now().is_symbol(",")) {
    Expression* several = make(Kind::tuple, token.place);
    several->parts = {first};
    while (skip_symbol(",")) several->parts.push_back(index());
    first = several;
  }
  expect_symbol("]");
  made->parts = {value, first};
  return made;
}

// What stands in brackets: an expression, or begin:end:step.
const Expression* Parser::index() {
  const Place place = now().place;
  const Expression* first = now().is_symbol(":") ? nullptr : expression();
  if (!now().is_symbol(":")) return first;
  Expression* made = make(Kind::slice, place);
  made->parts = {first, nullptr, nullptr};
  for (size_t part = 1; part < 3 && skip_symbol(":"); ++part)
    if (!now().is_symbol(":") && !now().is_symbol("]") && !now().is_symbol(",")) made->parts[part] = expression();
  return made;
}

const Expression* Parser::filters(const Expression* value) {
  for (;;) {
    if (now().is_symbol("|")) {
      value = one_filter(value);
    } else if (now().is_name("is")) {
      value = one_test(value);
    } else if (now().is_symbol("(")) {
      value = call(value);
    } else {
      return value;
    }
  }
}

// With or without its "|".
const Expression* Parser::one_filter(const Expression* value) {
  skip_symbol("|");
  Expression* made = make(Kind::filter, now().place);
  made->name = expect_name("a filter's name");
  while (skip_symbol(".")) made->name += "." + expect_name("a filter's name");
  made->parts = {value};
  if (now().is_symbol("(")) made->arguments = arguments();
  return made;
}

const Expression* Parser::one_test(const Expression* value) {
  take();
  const bool negated = skip_name("not");
  Expression* made = make(Kind::test, now().place);
  made->name = expect_name("a test's name");
  while (skip_symbol(".")) made->name += "." + expect_name("a test's name");
  made->parts = {value};
  const Token& token = now();
  const bool word = token.kind == Token::Kind::name && token.text != "else" && token.text != "or" &&
                    token.text != "and" && token.text != "if" && token.text != "in" && token.text != "not" &&
                    token.text != "recursive" && token.text != "is";
  if (token.is_symbol("(")) {
    made->arguments = arguments();
  } else if (token.is_name("is")) {
    fail("tests cannot follow each other without and");
  } else if (word || token.kind == Token::Kind::string || token.kind == Token::Kind::integer ||
             token.kind == Token::Kind::real || token.is_symbol("[") || token.is_symbol("{")) {
    made->arguments.push_back({.name = "", .value = postfix(primary())});
  }
  if (!negated) return made;
  Expression* opposite = make(Kind::logical_not, made->place);
  opposite->parts = {made};
  return opposite;
}

const Expression* Parser::call(const Expression* callee) {
  Expression* made = make(Kind::call, callee->place);
  made->parts = {callee};
  made->arguments = arguments();
  return made;
}

std::vector<Expression::Argument> Parser::arguments() {
  expect_symbol("(");
  std::vector<Expression::Argument> result;
  bool named = false;
  while (!now().is_symbol(")")) {
    if (!result.empty()) expect_symbol(",");
    if (now().is_symbol(")")) break;
    Expression::Argument argument;
    if (now().is_symbol("*") || now().is_symbol("**")) {
      argument.name = take().text;
    } else if (now().kind == Token::Kind::name && next().is_symbol("=")) {
      argument.name = take().text;
      take();
    } else if (named) {
      fail("an argument by place follows one by name");
    }
    named = named || (!argument.name.empty() && argument.name != "*");
    argument.value = expression();
    result.push_back(std::move(argument));
  }
  take();
  return result;
}

}  // namespace tritium::jinja
