#include "text/grammar/call_grammar.h"

#include "base/caught.h"
#include "base/format_text.h"
#include "text/grammar/failure.h"
#include "text/grammar/gbnf_writer.h"
#include "text/grammar/network.h"
#include "text/grammar/schema.h"

namespace tritium::grammar {
namespace {

Json any_object() { return *parse_json(R"({"type": "object", "additionalProperties": true})"); }

// Arguments are objects, whatever else the schema says. A tool that lists none has none.
Json schema_of(const Json& parameters) {
  if (!parameters.object() || parameters.object()->empty()) return any_object();
  Json::Object schema = *parameters.object();
  if (!parameters.find("type")) schema.push_back({"type", Json(std::string("object"))});
  const Json* properties = parameters.find("properties");
  const bool lists_none = properties && properties->object() && properties->object()->empty();
  if (lists_none && !parameters.find("additionalProperties")) schema.push_back({"additionalProperties", Json(false)});
  return Json(std::move(schema));
}

// Whether it can be read, and something fits it: tried apart, since what is read stays in the rules.
bool can_hold(const Json& schema) {
  try {
    Rules rules;
    const uint32_t root = SchemaReader(schema, {}, rules).run();
    (void)Network::make(rules, root);
    return true;
  } catch (const Failure&) {
    return false;
  }
}

class CallRules {
 public:
  explicit CallRules(const CallNotation& notation) : notation_(notation) {}

  std::string gbnf(const std::vector<CallTool>& tools) {
    std::vector<Node> calls;
    calls.reserve(tools.size());
    for (const CallTool& tool : tools) calls.push_back(call(tool));
    const uint32_t one = rules_.declare("call");
    rules_.define(one, rules_.alternatives(std::move(calls)));
    const uint32_t root = rules_.declare("calls");
    rules_.define(root, all(rules_.rule(one)));
    return write_gbnf(rules_, root);
  }

 private:
  Node call(const CallTool& tool) {
    Json schema = schema_of(tool.parameters);
    if (!can_hold(schema)) schema = any_object();
    const Node arguments = rules_.rule(SchemaReader(schema, {}, rules_).run());
    std::vector<Node> parts = {rules_.bytes("{"), space()};
    append(parts, key("name"));
    append(parts, {rules_.bytes(json_quoted(tool.name)), space(), parts_.comma()});
    append(parts, key(notation_.arguments_key));
    append(parts, {arguments, space(), rules_.bytes("}")});
    return rules_.sequence(std::move(parts));
  }

  Node all(Node call) {
    const Node open = rules_.bytes(notation_.open), close = rules_.bytes(notation_.close);
    if (notation_.list) {
      std::vector<Node> parts = {open, space(), rules_.bytes("["), space(), call, space()};
      parts.push_back(rules_.repeat(rules_.sequence({parts_.comma(), call, space()}), 0, kUnbounded));
      append(parts, {rules_.bytes("]"), space(), close});
      return rules_.sequence(std::move(parts));
    }
    const Node one = rules_.sequence({open, space(), call, space(), close});
    if (notation_.once) return one;
    return rules_.sequence({one, rules_.repeat(rules_.sequence({space(), one}), 0, kUnbounded)});
  }

  Node space() { return parts_.space(); }
  std::vector<Node> key(const std::string& name) {
    return {rules_.bytes(json_quoted(name)), space(), rules_.bytes(":"), space()};
  }
  static void append(std::vector<Node>& parts, const std::vector<Node>& more) {
    parts.insert(parts.end(), more.begin(), more.end());
  }

  const CallNotation& notation_;
  Rules rules_;
  JsonParts parts_{rules_, true};
};

}  // namespace

Result<std::string> gbnf_of_calls(const CallNotation& notation, const std::vector<CallTool>& tools) {
  if (tools.empty()) return error(StatusCode::invalid_argument, "there are no tools to call");
  try {
    return CallRules(notation).gbnf(tools);
  } catch (const Failure& failure) {
    return error(failure.code, "tools: ", failure.what);
  } catch (...) {
    return caught();
  }
}

}  // namespace tritium::grammar
