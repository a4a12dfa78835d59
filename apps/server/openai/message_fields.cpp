#include "server/openai/read_parts.h"

namespace tritium::server {
namespace {

const char* const kRoles = "must be \"system\", \"developer\", \"user\", \"assistant\" or \"tool\"";

// OpenAI says arguments as a text of JSON; templates want what it says.
Json arguments_of(const Json& function) {
  const auto found = function.find("arguments");
  if (found == function.end()) return Json::object();
  if (!found->is_string()) return *found;
  const Outcome<Json> parsed = parse_json(found->get_ref<const std::string&>());
  return parsed.ok() && parsed->is_object() ? *parsed : *found;
}

Json read_calls(const Json& calls, const std::string& place, std::optional<ApiError>& error) {
  Json result = Json::array();
  for (size_t i = 0; i < calls.size(); ++i) {
    Fields call(calls[i], place + "[" + std::to_string(i) + "].", error);
    std::string id, name;
    size_t type = 0;
    call.read("id", id);
    call.read_choice("type", {"function"}, type);
    call.ignore({"index"});
    const Json* function = call.read_object("function");
    if (!function) {
      call.refuse("function", "is missing");
      break;
    }
    Fields of_function(*function, call.name("function") + ".", error);
    of_function.required("name", name);
    of_function.ignore({"arguments"});
    of_function.finish();
    call.finish();
    Json one = {{"type", "function"}, {"function", {{"name", name}, {"arguments", arguments_of(*function)}}}};
    if (!id.empty()) one["id"] = id;
    result.push_back(std::move(one));
  }
  return result;
}

Json read_message(const Json& said, const std::string& place, std::optional<ApiError>& error) {
  Fields fields(said, place, error);
  std::string role, text;
  fields.required("role", role);
  if (role == "developer") role = "system";
  if (role != "system" && role != "user" && role != "assistant" && role != "tool") fields.refuse("role", kRoles);
  Json message = {{"role", role}, {"content", read_content(fields.find("content"), fields.name("content"), error)}};
  for (const char* key : {"name", "tool_call_id", "reasoning_content"})
    if (fields.read(key, text)) message[key] = text;
  if (const Json* calls = fields.read_array("tool_calls"); calls && !calls->empty())
    message["tool_calls"] = read_calls(*calls, fields.name("tool_calls"), error);
  fields.ignore({"refusal", "audio", "annotations", "function_call"});
  fields.finish();
  return message;
}

}  // namespace

std::string read_content(const Json* content, const std::string& place, std::optional<ApiError>& error) {
  if (!content) return {};
  if (content->is_string()) return content->get<std::string>();
  if (!content->is_array()) {
    if (!error) error = invalid(place, "must be a string or an array of parts, it is " + kind_of(*content));
    return {};
  }
  std::string whole;
  for (size_t i = 0; i < content->size(); ++i) {
    Fields part((*content)[i], place + "[" + std::to_string(i) + "].", error);
    std::string type, text;
    part.required("type", type);
    if (type != "text" && type != "input_text" && type != "output_text")
      part.refuse_unsupported("type", "only texts are taken here, not \"" + type.substr(0, 40) + "\"");
    part.required("text", text);
    part.ignore({"annotations", "logprobs", "cache_control"});
    part.finish();
    if (error) return {};
    whole += text;
  }
  return whole;
}

std::string read_messages(const Json& messages, std::string_view key, std::optional<ApiError>& error) {
  Json all = Json::array();
  for (size_t i = 0; i < messages.size() && !error; ++i)
    all.push_back(read_message(messages[i], std::string(key) + "[" + std::to_string(i) + "].", error));
  if (messages.empty() && !error) error = invalid(std::string(key), "there is no message");
  return error ? std::string() : json_text(all);
}

namespace {

// As chat templates take it: {"type": "function", "function": {…}}.
Json read_tool(const Json& said, const std::string& place, bool flat, std::optional<ApiError>& error) {
  Fields tool(said, place, error);
  std::string type, name, description;
  tool.required("type", type);
  if (!error && type != "function") {
    tool.refuse_unsupported("type", "only functions are called here, not \"" + type.substr(0, 40) + "\"");
    return {};
  }
  const auto read_function = [&](Fields& function) {
    Json made = {{"name", function.required("name", name)}};
    if (function.read("description", description)) made["description"] = description;
    if (const Json* parameters = function.read_object("parameters")) made["parameters"] = *parameters;
    function.ignore({"strict"});
    function.finish();
    return Json{{"type", "function"}, {"function", std::move(made)}};
  };
  if (flat) return read_function(tool);
  const Json* inner = tool.read_object("function");
  if (!inner) {
    tool.refuse("function", "is missing");
    return {};
  }
  tool.finish();
  Fields function(*inner, tool.name("function") + ".", error);
  return read_function(function);
}

// "none", "auto", "required", or one function by its name, which is given back.
std::string read_tool_choice(const Json* choice, bool flat, ToolChoice& into, std::optional<ApiError>& error) {
  if (!choice) return {};
  if (choice->is_string()) {
    const auto word = choice->get<std::string>();
    if (word == "none")
      into = ToolChoice::none;
    else if (word == "required")
      into = ToolChoice::required;
    else if (word != "auto" && !error)
      error = invalid("tool_choice", "must be \"none\", \"auto\", \"required\" or a function");
    return {};
  }
  Fields fields(*choice, "tool_choice.", error);
  size_t type = 0;
  std::string name;
  fields.read_choice("type", {"function"}, type);
  if (flat) {
    fields.required("name", name);
  } else if (const Json* function = fields.read_object("function")) {
    Fields named(*function, "tool_choice.function.", error);
    named.required("name", name);
    named.finish();
  } else {
    fields.refuse("function", "is missing");
  }
  fields.finish();
  into = ToolChoice::required;
  return name;
}

}  // namespace

void read_tools(Fields& fields, bool flat, ChatRequest& request) {
  std::optional<ApiError> error;
  const Json* tools = fields.read_array("tools");
  const std::string only = read_tool_choice(fields.find("tool_choice"), flat, request.tool_choice, error);
  Json taken = Json::array();
  for (size_t i = 0; tools && i < tools->size() && !error; ++i) {
    Json tool = read_tool((*tools)[i], "tools[" + std::to_string(i) + "].", flat, error);
    if (error) break;
    if (only.empty() || tool["function"]["name"] == only) taken.push_back(std::move(tool));
  }
  if (!error && request.tool_choice == ToolChoice::required && taken.empty())
    error = invalid("tool_choice", only.empty() ? "there are no tools" : "there is no tool \"" + only + "\"");
  const bool failed = error.has_value();
  fields.take(std::move(error));
  if (failed || taken.empty() || request.tool_choice == ToolChoice::none) return;
  if (request.held_to_form || !request.generate.grammar.empty())
    fields.refuse_unsupported("tools",
                              "tools together with a format of JSON or a grammar: an answer is held to one of them");
  request.chat.tools = json_text(taken);
}

}  // namespace tritium::server
