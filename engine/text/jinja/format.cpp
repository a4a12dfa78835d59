// Python's formatting: "%5.2f" % values, "{:>8}".format(values).
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/format_text.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/pieces.h"

namespace tritium::jinja {
namespace {

struct Spec {
  std::string fill = " ";
  char align = '\0';
  bool plus = false, blank = false, zero = false, alternate = false, commas = false;
  int64_t width = 0;
  int64_t precision = -1;
  char type = '\0';
};

int64_t digits(std::string_view text, size_t& at) {
  int64_t n = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    n = n * 10 + (text[at] - '0');
    if (n > 1'000'000) throw Failure("a width in a format is too large");
  }
  return n;
}

std::string with_commas(std::string number) {
  size_t end = number.find_first_not_of("0123456789");
  if (end == std::string::npos) end = number.size();
  for (size_t at = end; at > 3; at -= 3) number.insert(at - 3, ",");
  return number;
}

// The digits of a number, without its sign.
std::string magnitude(const Value& value, const Spec& spec) {
  constexpr std::string_view kOfReals = "eEfFgG%";
  std::array<char, 512> buffer{};
  if (kOfReals.find(spec.type) != std::string_view::npos && spec.type != '\0') {
    const std::optional<double> number = number_of(value);
    if (!number) throw Failure("%" + std::string(1, spec.type) + " needs a number, not " + kind_of(value));
    const char kind = spec.type == '%' ? 'f' : spec.type;
    const std::string format = std::string(spec.alternate ? "%#.*" : "%.*") + kind;
    const auto precision = static_cast<int>(std::min<int64_t>(spec.precision < 0 ? 6 : spec.precision, 100));
    std::snprintf(buffer.data(), buffer.size(), format.c_str(), precision,
                  std::abs(*number) * (spec.type == '%' ? 100 : 1));
    return std::string(buffer.data()) + (spec.type == '%' ? "%" : "");
  }
  std::optional<int64_t> whole = integer_of(value);
  if (!whole && value.real()) {
    if (!(std::abs(*value.real()) < 9e18)) throw Failure("a number is too large for %d");
    whole = static_cast<int64_t>(*value.real());
  }
  if (!whole) throw Failure("%" + std::string(1, spec.type) + " needs a number, not " + kind_of(value));
  const uint64_t n = *whole < 0 ? 0 - static_cast<uint64_t>(*whole) : static_cast<uint64_t>(*whole);
  const char* format = spec.type == 'x'   ? "%s%llx"
                       : spec.type == 'X' ? "%s%llX"
                       : spec.type == 'o' ? "%s%llo"
                                          : "%s%llu";
  const char* prefix = !spec.alternate    ? ""
                       : spec.type == 'x' ? "0x"
                       : spec.type == 'X' ? "0X"
                       : spec.type == 'o' ? "0o"
                                          : "";
  std::snprintf(buffer.data(), buffer.size(), format, prefix, static_cast<unsigned long long>(n));
  std::string text = buffer.data();
  if (spec.precision > static_cast<int64_t>(text.size()))
    text.insert(0, static_cast<size_t>(std::min<int64_t>(spec.precision, 400)) - std::min<size_t>(text.size(), 400),
                '0');
  return text;
}

bool is_negative(const Value& value) {
  const std::optional<double> number = number_of(value);
  return number && (*number < 0 || (*number == 0 && std::signbit(*number)));
}

Text aligned(const Text& text, const Spec& spec, Budget& budget) {
  const int64_t missing = spec.width - static_cast<int64_t>(count_characters(text.view()));
  if (missing <= 0) return text;
  const int64_t before = spec.align == '<' ? 0 : spec.align == '^' ? missing / 2 : missing;
  return padded(text, before, missing - before, spec.fill, budget);
}

Text number_text(const Value& value, Spec spec, Budget& budget) {
  std::string text = magnitude(value, spec);
  if (spec.commas) text = with_commas(std::move(text));
  const std::string sign = is_negative(value) ? "-" : spec.plus ? "+" : spec.blank ? " " : "";
  if (spec.zero && spec.align != '<') {
    const int64_t missing = spec.width - static_cast<int64_t>(text.size() + sign.size());
    text = padded(Text(text), missing, 0, "0", budget).bytes();
  }
  if (spec.align == '\0') spec.align = '>';
  return aligned(Text(sign + text), spec, budget);
}

Text shortened(Text text, const Spec& spec) {
  if (spec.precision < 0) return text;
  return text.part(0, offset_of_character(text.view(), static_cast<size_t>(spec.precision)));
}

class Percent {
 public:
  Percent(const Text& format, const Value& values, Budget& budget) : format_(format), values_(values), budget_(budget) {
    many_ = values.list() && values.list()->kind == List::Kind::tuple;
  }

  Text run() {
    const std::string_view text = format_.view();
    Text out;
    size_t at = 0;
    while (at < text.size()) {
      const size_t percent = std::min(text.find('%', at), text.size());
      budget_.room(percent - at);
      out.append(format_, at, percent);
      at = percent + 1;
      if (percent == text.size()) break;
      if (at < text.size() && text[at] == '%') {
        out.append("%");
        ++at;
      } else {
        out.append(one(text, at));
      }
    }
    if (many_ && !by_name_ && used_ < values_.list()->items.size())
      throw Failure("not all values have a place in the format");
    if (!many_ && !by_name_ && used_ == 0 && !values_.dict())
      throw Failure("not all values have a place in the format");
    return out;
  }

 private:
  const Value& next() {
    if (many_) {
      if (used_ >= values_.list()->items.size()) throw Failure("the format has places for more values");
      return values_.list()->items[used_++];
    }
    if (used_++ > 0) throw Failure("the format has places for more values");
    return values_;
  }

  Text one(std::string_view text, size_t& at) {
    const Value* value = nullptr;
    if (at < text.size() && text[at] == '(') {
      const size_t end = text.find(')', at);
      if (end == std::string_view::npos || !values_.dict()) throw Failure("a name in the format needs a dict");
      value = values_.dict()->find(text.substr(at + 1, end - at - 1), budget_);
      if (!value) throw Failure("the dict has no value for the format");
      by_name_ = true;
      at = end + 1;
    }
    Spec spec;
    for (; at < text.size() && std::string_view("-+ 0#").find(text[at]) != std::string_view::npos; ++at) {
      if (text[at] == '-') spec.align = '<';
      if (text[at] == '+') spec.plus = true;
      if (text[at] == ' ') spec.blank = true;
      if (text[at] == '0') spec.zero = true;
      if (text[at] == '#') spec.alternate = true;
    }
    const auto size = [&] {
      if (at >= text.size() || text[at] != '*') return digits(text, at);
      ++at;
      return std::clamp<int64_t>(integer_argument(next(), "a width"), 0, 1'000'000);
    };
    spec.width = size();
    if (at < text.size() && text[at] == '.') spec.precision = size_after_dot(text, at, size);
    if (at >= text.size()) throw Failure("the format ends within a %");
    spec.type = text[at++];
    if (!value) value = &next();
    return formatted(*value, spec);
  }

  template <typename Size>
  static int64_t size_after_dot(std::string_view, size_t& at, const Size& size) {
    ++at;
    return size();
  }

  Text formatted(const Value& value, Spec& spec) {
    if (spec.type == 's' || spec.type == 'r' || spec.type == 'a') {
      if (spec.align == '\0') spec.align = '>';
      return aligned(shortened(spec.type == 's' ? to_text(value, budget_) : to_repr(value, budget_), spec), spec,
                     budget_);
    }
    if (spec.type == 'c')
      return aligned(value.text() ? *value.text() : throw Failure("%c needs a string"), spec, budget_);
    if (std::string_view("diuxXoeEfFgG").find(spec.type) == std::string_view::npos)
      throw Failure("the format has an unknown %" + std::string(1, spec.type));
    need_defined(value);
    return number_text(value, spec, budget_);
  }

  const Text& format_;
  const Value& values_;
  Budget& budget_;
  bool many_ = false;
  bool by_name_ = false;
  size_t used_ = 0;
};

Spec spec_of(std::string_view text) {
  Spec spec;
  size_t at = 0;
  const auto is_align = [](char c) { return c == '<' || c == '>' || c == '^'; };
  if (text.size() > 1 && is_align(text[1])) {
    spec.fill = text.substr(0, 1);
    spec.align = text[1];
    at = 2;
  } else if (!text.empty() && is_align(text[0])) {
    spec.align = text[0];
    at = 1;
  }
  const auto skip = [&](char c) { return at < text.size() && text[at] == c && ++at > 0; };
  spec.plus = skip('+');
  if (!spec.plus && !skip('-')) spec.blank = skip(' ');
  spec.alternate = skip('#');
  spec.zero = skip('0');
  spec.width = digits(text, at);
  spec.commas = skip(',');
  if (skip('.')) spec.precision = digits(text, at);
  if (at < text.size()) spec.type = text[at++];
  if (at < text.size()) throw Failure("the format ends with something unknown: " + std::string(text.substr(at)));
  return spec;
}

Text formatted_by(const Value& value, Spec spec, Budget& budget) {
  const bool number = number_of(value) && !(value.boolean() && spec.type == '\0');
  if (number && (spec.type != 's')) {
    if (value.real() && spec.type == '\0' && spec.precision < 0) {
      if (spec.align == '\0') spec.align = '>';
      return aligned(Text(real_to_text(*value.real())), spec, budget);
    }
    if (spec.type == '\0') spec.type = value.real() ? 'g' : 'd';
    if (value.real() && (spec.type == 'd' || spec.type == 'x')) throw Failure("a whole number is needed");
    if (std::string_view("dxXoeEfFgG%").find(spec.type) == std::string_view::npos)
      throw Failure("the format has an unknown type " + std::string(1, spec.type));
    return number_text(value, spec, budget);
  }
  if (spec.type != '\0' && spec.type != 's') throw Failure("the format needs a number, not " + kind_of(value));
  if (spec.align == '\0') spec.align = '<';
  return aligned(shortened(to_text(value, budget), spec), spec, budget);
}

}  // namespace

Text format_percent(const Text& format, const Value& values, Budget& budget) {
  return Percent(format, values, budget).run();
}

namespace {

// "0.name[1]" of the arguments: `automatic` counts those without a number.
Value field_value(std::string_view field, const Arguments& arguments, size_t& automatic, Interpreter& interpreter) {
  const size_t end = std::min(field.find_first_of(".["), field.size());
  const std::string name(field.substr(0, end));
  Value value;
  if (name.empty() || name.find_first_not_of("0123456789") == std::string::npos) {
    const size_t at = name.empty() ? automatic++ : name.size() < 6 ? std::stoul(name) : SIZE_MAX;
    if (at >= arguments.positional.size()) throw Failure("the format has places for more values");
    value = arguments.positional[at];
  } else {
    const auto found =
        std::find_if(arguments.named.begin(), arguments.named.end(), [&](const auto& a) { return a.first == name; });
    if (found == arguments.named.end()) throw Failure("the format has a place for " + name + ", which is not given");
    value = found->second;
  }
  for (size_t at = end; at < field.size();) {
    const bool index = field[at] == '[';
    const size_t stop = std::min(index ? field.find(']', at) : field.find_first_of(".[", at + 1), field.size());
    const std::string part(field.substr(at + 1, stop - at - 1));
    const bool number =
        index && !part.empty() && part.size() < 18 && part.find_first_not_of("0123456789") == std::string::npos;
    value = !index ? attribute(value, part, interpreter)
                   : item_of(value, number ? Value(int64_t{std::stoll(part)}) : Value(part), interpreter);
    at = stop + (index ? 1 : 0);
  }
  return value;
}

}  // namespace

Text format_braces(const Text& format, const Arguments& arguments, Interpreter& interpreter) {
  Budget& budget = interpreter.budget();
  const std::string_view text = format.view();
  Text out;
  size_t automatic = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t brace = std::min(text.find_first_of("{}", at), text.size());
    budget.room(brace - at + Budget::kStep);
    out.append(format, at, brace);
    if (brace == text.size()) break;
    if (brace + 1 < text.size() && text[brace + 1] == text[brace]) {
      out.append(text.substr(brace, 1));
      at = brace + 2;
      continue;
    }
    const size_t end = text.find('}', brace);
    if (text[brace] == '}' || end == std::string_view::npos) throw Failure("a brace of the format has no other");
    const std::string_view inner = text.substr(brace + 1, end - brace - 1);
    const size_t colon = std::min(inner.find(':'), inner.size());
    const size_t mark = std::min(inner.find('!'), colon);
    Value value = field_value(inner.substr(0, mark), arguments, automatic, interpreter);
    if (mark < colon && inner.substr(mark, colon - mark) == "!r") value = Value(to_repr(value, budget));
    if (mark < colon && inner.substr(mark, colon - mark) == "!s") value = Value(to_text(value, budget));
    out.append(formatted_by(value, colon < inner.size() ? spec_of(inner.substr(colon + 1)) : Spec(), budget));
    at = end + 1;
  }
  return out;
}

}  // namespace tritium::jinja
