// Failures become Statuses here.
#include "text/jinja/template.h"

#include <algorithm>

#include "base/format_text.h"
#include "text/jinja/characters.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/parser.h"

namespace tritium::jinja {
namespace {

Status status_of(const Failure& failure) {
  const StatusCode code = failure.unsupported   ? StatusCode::unsupported
                          : failure.by_template ? StatusCode::invalid_argument
                                                : StatusCode::corrupt_file;
  return error(code, "template: line ", failure.where.line, ", column ", failure.where.column, ": ", failure.what);
}

std::vector<ByteRange> ranges_with(const Text& text, uint8_t mark) {
  std::vector<ByteRange> ranges;
  size_t begin = 0;
  for (const Text::Run& run : text.runs()) {
    if (run.marks & mark) {
      if (!ranges.empty() && ranges.back().end == begin) {
        ranges.back().end = run.end;
      } else {
        ranges.push_back({begin, run.end});
      }
    }
    begin = run.end;
  }
  return ranges;
}

}  // namespace

Result<Template> Template::parse(std::string_view source, const Limits& limits) {
  if (source.size() > limits.template_bytes)
    return error(StatusCode::corrupt_file, "template: ", source.size(), " bytes are no chat template; at most ",
                 limits.template_bytes, " are read");
  if (!is_utf8(source)) return error(StatusCode::corrupt_file, "template: it is not UTF-8 text");
  Template made;
  made.limits_ = limits;
  try {
    made.syntax_ = std::make_shared<const Syntax>(Parser(tokens_of(source)).run());
  } catch (const Failure& failure) {
    return status_of(failure);
  }
  return made;
}

Result<Rendered> Template::render(const std::vector<Variable>& variables, const std::tm& now) const {
  Budget budget(limits_);
  try {
    std::vector<std::pair<std::string, Value>> values;
    values.reserve(variables.size());
    for (const Variable& variable : variables)
      values.emplace_back(variable.name, value_of(variable.value, budget,
                                                  variable.from_messages ? uint8_t{kFromMessages} : uint8_t{0}));
    const Text text = Interpreter(budget, now).run(*syntax_, std::move(values));
    return Rendered{.text = text.bytes(),
                    .from_messages = ranges_with(text, kFromMessages),
                    .of_assistant = ranges_with(text, kOfAssistant)};
  } catch (const Failure& failure) {
    return status_of(failure);
  }
}

bool Template::marks_assistant() const {
  return std::any_of(syntax_->statements.begin(), syntax_->statements.end(),
                     [](const auto& s) { return s->kind == Statement::Kind::generation; });
}

}  // namespace tritium::jinja
