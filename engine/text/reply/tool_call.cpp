#include "text/reply/tool_call.h"

#include <algorithm>
#include <utility>

namespace tritium {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

struct Cut {
  std::string_view name, value;  // as they are written
};

// The end of the value at `at`, in JSON that was parsed before.
size_t end_of_value(std::string_view json, size_t at) {
  size_t depth = 0;
  bool in_string = false;
  for (; at < json.size(); ++at) {
    const char c = json[at];
    if (in_string) {
      if (c == '\\') {
        ++at;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return at;
      --depth;
    } else if ((c == ',' || c == ':') && depth == 0) {
      return at;
    }
  }
  return at;
}

// Members of an object, or elements of an array, in JSON that was parsed before.
std::vector<Cut> parts_of(std::string_view json) {
  json = without_blanks(json);
  const bool object = json.starts_with('{');
  std::vector<Cut> parts;
  json = json.substr(1, json.size() - 2);
  for (size_t at = json.find_first_not_of(kBlanks); at < json.size();) {
    Cut part;
    size_t end = end_of_value(json, at);
    if (object) {
      part.name = without_blanks(json.substr(at, end - at));
      at = end + 1;
      end = end_of_value(json, at);
    }
    part.value = without_blanks(json.substr(at, end - at));
    parts.push_back(part);
    at = end + 1;
  }
  return parts;
}

std::string_view member(const std::vector<Cut>& parts, std::string_view quoted_name) {
  const auto found = std::ranges::find(parts, quoted_name, &Cut::name);
  return found == parts.end() ? std::string_view() : found->value;
}

// "": it is no string.
std::string string_of(std::string_view json) {
  const Result<Json> value = json.empty() ? Result<Json>(Json()) : parse_json(json);
  return value.ok() && value->text() ? *value->text() : std::string();
}

bool is_object(std::string_view text) {
  const Result<Json> json = parse_json(text, kArgumentLimits);
  return json.ok() && json->object();
}

// "": no arguments.
std::string arguments_of(std::string_view written) {
  if (written.starts_with('{')) return std::string(written);
  if (written.empty() || written == "null") return "{}";
  std::string inner(without_blanks(string_of(written)));
  return is_object(inner) ? inner : std::string();
}

std::optional<ToolCall> call_of_object(std::string_view json, bool arguments_wanted) {
  std::vector<Cut> parts = parts_of(json);
  ToolCall call{.id = string_of(member(parts, "\"id\"")), .name = {}, .arguments = {}};
  if (const std::string_view inner = member(parts, "\"function\""); inner.starts_with('{')) parts = parts_of(inner);
  std::string_view written = member(parts, "\"arguments\"");
  if (written.empty()) written = member(parts, "\"parameters\"");
  call.name = string_of(member(parts, "\"name\""));
  call.arguments = arguments_of(written);
  if (call.name.empty() || call.arguments.empty() || (arguments_wanted && written.empty())) return std::nullopt;
  return call;
}

}  // namespace

std::string_view without_blanks(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

bool is_tool_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-.:/").find(c) != std::string_view::npos;
  });
}

ToolCalls calls_of_json(std::string_view text, bool arguments_wanted) {
  const Result<Json> json = parse_json(text);
  if (!json.ok()) return std::nullopt;
  std::vector<ToolCall> calls;
  if (json->object()) {
    std::optional<ToolCall> call = call_of_object(text, arguments_wanted);
    if (!call) return std::nullopt;
    calls.push_back(*std::move(call));
  } else {
    for (const Cut& element : parts_of(text)) {
      std::optional<ToolCall> call;
      if (element.value.starts_with('{')) call = call_of_object(element.value, arguments_wanted);
      if (!call) return std::nullopt;
      calls.push_back(*std::move(call));
    }
  }
  if (calls.empty()) return std::nullopt;
  return calls;
}

ToolCalls call_of_named_json(std::string_view header, std::string_view arguments) {
  header = without_blanks(header);
  const auto cut_end = [&](std::string_view mark) {
    if (header.ends_with(mark)) header = without_blanks(header.substr(0, header.size() - mark.size()));
  };
  cut_end("```json");
  cut_end("[ARGS]");
  constexpr std::string_view kSeparator = "<｜tool▁sep｜>", kId = "[CALL_ID]";
  cut_end(kSeparator);
  ToolCall call;
  if (const size_t at = header.find(kSeparator); at != std::string_view::npos) {
    if (header.substr(0, at) != "function") return std::nullopt;
    header = header.substr(at + kSeparator.size());
  }
  if (const size_t at = header.find(kId); at != std::string_view::npos) {
    call.id = header.substr(at + kId.size());
    header = header.substr(0, at);
    if (!is_tool_name(call.id)) return std::nullopt;
  }
  if (!is_tool_name(header) || !is_object(arguments)) return std::nullopt;
  call.name = header;
  call.arguments = arguments;
  return std::vector{std::move(call)};
}

std::string tool_calls_json(const std::vector<ToolCall>& calls) {
  std::string json;
  for (const ToolCall& call : calls) {
    json += json.empty() ? "[{" : ", {";
    if (!call.id.empty()) json += "\"id\": " + json_quoted(call.id) + ", ";
    json += "\"type\": \"function\", \"function\": {\"name\": " + json_quoted(call.name) +
            ", \"arguments\": " + call.arguments + "}}";
  }
  return json.empty() ? json : json + "]";
}

}  // namespace tritium
