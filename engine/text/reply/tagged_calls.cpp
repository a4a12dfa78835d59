// Calls whose arguments stand in tags, without their types.
#include <algorithm>

#include "text/reply/tool_call.h"

namespace tritium {
namespace {

// What is read so far of a text; each of these reads on, or says that the text is not so.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }
  bool skip(std::string_view mark) {
    if (!rest_.starts_with(mark)) return false;
    rest_.remove_prefix(mark.size());
    return true;
  }
  // What stands before the mark, which is read too.
  std::optional<std::string_view> up_to(std::string_view mark) {
    const size_t at = rest_.find(mark);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view before = rest_.substr(0, at);
    rest_.remove_prefix(at + mark.size());
    return before;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// Templates put a value on lines of its own.
std::string_view without_its_lines(std::string_view value) {
  if (value.starts_with('\n')) value.remove_prefix(1);
  if (value.ends_with('\n')) value.remove_suffix(1);
  return value;
}

class Arguments {
 public:
  Arguments(const Json& tools, std::string_view tool) : tools_(tools), tool_(tool) {}
  void add(std::string_view key, std::string_view value) {
    json_ += (json_.size() > 1 ? ", " : "") + json_quoted(key) + ": " +
             argument_value(value, argument_schema(tools_, tool_, key));
  }
  // Nothing: a key stands twice, it is no UTF-8, or nested too deeply.
  std::optional<ToolCall> call() {
    json_ += "}";
    if (!is_tool_name(tool_) || !parse_json(json_, kArgumentLimits).ok()) return std::nullopt;
    return ToolCall{.id = {}, .name = std::string(tool_), .arguments = json_};
  }

 private:
  const Json& tools_;
  std::string_view tool_;
  std::string json_ = "{";
};

std::optional<ToolCall> function(Reader& text, const Json& tools) {
  if (!text.skip("<function=")) return std::nullopt;
  const auto name = text.up_to(">");
  if (!name) return std::nullopt;
  Arguments arguments(tools, without_blanks(*name));
  for (text.skip_blanks(); !text.skip("</function>"); text.skip_blanks()) {
    if (!text.skip("<parameter=")) return std::nullopt;
    const auto key = text.up_to(">");
    if (!key) return std::nullopt;
    const auto value = text.up_to("</parameter>");
    if (!value) return std::nullopt;
    arguments.add(without_blanks(*key), without_its_lines(*value));
  }
  return arguments.call();
}

}  // namespace

ToolCalls calls_of_function_tags(std::string_view text, const Json& tools) {
  std::vector<ToolCall> calls;
  Reader reader(text);
  for (reader.skip_blanks(); !reader.at_end(); reader.skip_blanks()) {
    std::optional<ToolCall> call = function(reader, tools);
    if (!call) return std::nullopt;
    calls.push_back(*std::move(call));
  }
  if (calls.empty()) return std::nullopt;
  return calls;
}

ToolCalls call_of_argument_tags(std::string_view text, const Json& tools) {
  const size_t name_end = std::min(text.find('<'), text.size());
  Arguments arguments(tools, without_blanks(text.substr(0, name_end)));
  Reader reader(text.substr(name_end));
  for (reader.skip_blanks(); !reader.at_end(); reader.skip_blanks()) {
    if (!reader.skip("<arg_key>")) return std::nullopt;
    const auto key = reader.up_to("</arg_key>");
    reader.skip_blanks();
    if (!key || !reader.skip("<arg_value>")) return std::nullopt;
    const auto value = reader.up_to("</arg_value>");
    if (!value) return std::nullopt;
    arguments.add(without_blanks(*key), *value);
  }
  std::optional<ToolCall> call = arguments.call();
  if (!call) return std::nullopt;
  return std::vector{*std::move(call)};
}

const Json* argument_schema(const Json& tools, std::string_view tool, std::string_view argument) {
  const Json* function = tool_named(tools, tool);
  const Json* parameters = function ? function->find("parameters") : nullptr;
  const Json* properties = parameters ? parameters->find("properties") : nullptr;
  return properties ? properties->find(argument) : nullptr;
}

namespace {

bool is_text(const Json& value) { return value.text() != nullptr; }
bool says(const Json& type, std::string_view name) { return type.text() && *type.text() == name; }

enum class Wants { anything, strings, strings_or_null };

Wants wants(const Json& schema) {
  if (const Json* type = schema.find("type")) {
    if (says(*type, "string")) return Wants::strings;
    const Json::Array* types = type->array();
    const auto fits = [](const Json& one) { return says(one, "string") || says(one, "null"); };
    return types && !types->empty() && std::ranges::all_of(*types, fits) ? Wants::strings_or_null : Wants::anything;
  }
  const Json* choices = schema.find("enum");
  const bool texts = choices && choices->array() && std::ranges::all_of(*choices->array(), is_text);
  return texts ? Wants::strings : Wants::anything;
}

}  // namespace

std::string argument_value(std::string_view text, const Json* schema) {
  const Wants wanted = schema ? wants(*schema) : Wants::anything;
  const std::string_view trimmed = without_blanks(text);
  const bool null = trimmed == "null" || trimmed == "None";
  if (wanted == Wants::strings || (wanted == Wants::strings_or_null && !null)) return json_quoted(text);
  if (trimmed == "True") return "true";
  if (trimmed == "False") return "false";
  if (null) return "null";
  // A text in quotes is one with quotes: templates write strings without.
  if (trimmed.empty() || trimmed.starts_with('"') || !parse_json(trimmed).ok()) return json_quoted(text);
  return std::string(trimmed);
}

}  // namespace tritium
