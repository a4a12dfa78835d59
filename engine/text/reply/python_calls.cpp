// [name(key=value, …), …] with Python's literals -> calls. ValueScan has bounded how deeply they are nested.
#include <algorithm>

#include "text/reply/tool_call.h"

namespace tritium {
namespace {

// Reads on, or says that the text is not so. What is written is JSON.
class PythonReader {
 public:
  explicit PythonReader(std::string_view text) : text_(text) {}

  ToolCalls calls() {
    std::vector<ToolCall> calls;
    if (!skip('[')) return std::nullopt;
    do {
      ToolCall call;
      if (!read(call)) return std::nullopt;
      calls.push_back(std::move(call));
    } while (skip(','));
    if (!skip(']') || next() != '\0') return std::nullopt;
    return calls;
  }

 private:
  // The next byte that is no blank; '\0': the end.
  char next() {
    at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool skip(char c) {
    if (next() != c) return false;
    ++at_;
    return true;
  }
  std::string_view word(std::string_view ends) {
    (void)next();
    const size_t begin = at_;
    at_ = std::min(text_.find_first_of(ends, at_), text_.size());
    return without_blanks(text_.substr(begin, at_ - begin));
  }

  bool read(ToolCall& call) {
    call.name = word("(");
    if (!is_tool_name(call.name) || !skip('(')) return false;
    call.arguments = "{";
    while (!skip(')')) {
      if (call.arguments.size() > 1 && !skip(',')) return false;
      if (skip(')')) break;
      const std::string_view key = word("=,()[]{}\"'");
      if (key.empty() || !skip('=')) return false;
      if (call.arguments.size() > 1) call.arguments += ", ";
      call.arguments += json_quoted(key) + ": ";
      if (!value(call.arguments)) return false;
    }
    call.arguments += "}";
    return parse_json(call.arguments).ok();
  }

  bool value(std::string& json) {
    const char c = next();
    if (c == '"' || c == '\'') return string(json);
    if (c == '[') return list(json, ']');
    if (c == '(') return list(json, ')');
    if (c == '{') return dictionary(json);
    const std::string_view plain = word(",)]}:=\"'([{");
    if (plain == "True" || plain == "False" || plain == "None") {
      json += plain == "True" ? "true" : plain == "False" ? "false" : "null";
    } else {
      json += plain;  // a number, true, false, null, or the arguments are no JSON
    }
    return !plain.empty();
  }

  bool list(std::string& json, char close) {
    ++at_;
    json += "[";
    for (bool first = true; !skip(close); first = false) {
      if (!first && !skip(',')) return false;
      if (skip(close)) break;
      if (!first) json += ", ";
      if (!value(json)) return false;
    }
    json += "]";
    return true;
  }

  bool dictionary(std::string& json) {
    ++at_;
    json += "{";
    for (bool first = true; !skip('}'); first = false) {
      if (!first && !skip(',')) return false;
      if (skip('}')) break;
      if (!first) json += ", ";
      if (!value(json) || !skip(':')) return false;
      json += ": ";
      if (!value(json)) return false;
    }
    json += "}";
    return true;
  }

  bool string(std::string& json) {
    const char quote = text_[at_++];
    std::string characters;
    for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] != '\\') {
        characters += text_[at_];
      } else if (!escape(characters)) {
        return false;
      }
    }
    if (at_ == text_.size()) return false;
    ++at_;
    json += json_quoted(characters);
    return true;
  }

  // At the backslash; stays at the last byte of the escape.
  bool escape(std::string& out) {
    if (++at_ >= text_.size()) return false;
    const char c = text_[at_];
    constexpr std::string_view kNames = "ntr0abfv", kBytes("\n\t\r\0\a\b\f\v", 8);
    if (const size_t named = kNames.find(c); named != std::string_view::npos) {
      out += kBytes[named];
    } else if (c == '\\' || c == '\'' || c == '"') {
      out += c;
    } else if (c == 'x' || c == 'u') {
      // JSON's parser knows what a code is as UTF-8.
      const size_t digits = c == 'x' ? 2 : 4;
      const std::string_view code = text_.substr(at_ + 1, digits);
      const Result<Json> character = parse_json("\"\\u" + std::string(4 - digits, '0') + std::string(code) + "\"");
      if (!character.ok()) return false;
      out += *character->text();
      at_ += digits;
    } else {
      out += '\\';
      out += c;
    }
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

ToolCalls calls_of_python(std::string_view text) { return PythonReader(text).calls(); }

}  // namespace tritium
