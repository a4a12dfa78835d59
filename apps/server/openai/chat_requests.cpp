// The endpoints that converse.
#include "server/openai/read_parts.h"

namespace tritium::server {
namespace {

void read_variables(Fields& fields, ChatOptions& chat) {
  Json variables = Json::object();
  std::string effort;
  if (fields.read("reasoning_effort", effort)) variables["reasoning_effort"] = effort;
  if (const Json* given = fields.read_object("chat_template_kwargs")) variables.update(*given);
  if (!variables.empty()) chat.variables = json_text(variables);
}

void read_chat_logprobs(Fields& fields, GenerationRequest& request) {
  fields.read("logprobs", request.logprobs);
  if (fields.read("top_logprobs", request.top_logprobs, 0, kMaxTopLogprobs) && !request.logprobs &&
      request.top_logprobs > 0)
    fields.refuse("top_logprobs", "is without \"logprobs\": true");
}

// An item of `input` as a message; null: it says nothing here.
Json message_of(const Json& item, const std::string& place, std::optional<ApiError>& error) {
  const auto kind = item.is_object() ? item.find("type") : item.end();
  const std::string type =
      item.is_object() && kind != item.end() && kind->is_string() ? kind->get<std::string>() : "message";
  if (type == "reasoning") return {};
  Fields fields(item, place, error);
  fields.ignore({"type", "id", "status"});
  std::string id, name, text;
  Json message;
  if (type == "function_call") {
    fields.required("call_id", id), fields.required("name", name), fields.required("arguments", text);
    const Json call = {{"id", id}, {"type", "function"}, {"function", {{"name", name}, {"arguments", text}}}};
    message = {{"role", "assistant"}, {"content", ""}};
    message["tool_calls"].push_back(call);
  } else if (type == "function_call_output") {
    fields.required("call_id", id);
    const std::string output = read_content(fields.find("output"), fields.name("output"), error);
    message = {{"role", "tool"}, {"tool_call_id", id}, {"content", output}};
  } else if (type == "message") {
    fields.required("role", text);
    message = {{"role", text}, {"content", read_content(fields.find("content"), fields.name("content"), error)}};
    fields.ignore({"phase"});
  } else {
    fields.refuse_unsupported("type", "\"" + type.substr(0, 40) + "\" is not taken here");
  }
  fields.finish();
  return message;
}

Json messages_of_input(Fields& fields, std::optional<ApiError>& error) {
  Json messages = Json::array();
  std::string instructions;
  if (fields.read("instructions", instructions)) messages.push_back({{"role", "system"}, {"content", instructions}});
  const Json* input = fields.find("input");
  if (!input) {
    fields.refuse("input", "is missing");
  } else if (input->is_string()) {
    messages.push_back({{"role", "user"}, {"content", *input}});
  } else if (!input->is_array()) {
    fields.refuse("input", "must be a string or an array, it is " + kind_of(*input));
  } else {
    for (size_t i = 0; i < input->size() && !error; ++i) {
      Json message = message_of((*input)[i], "input[" + std::to_string(i) + "].", error);
      if (!message.is_null()) messages.push_back(std::move(message));
    }
  }
  return messages;
}

Json echoed_of(const Json& body) {
  Json echoed = {{"instructions", nullptr},    {"max_output_tokens", nullptr},
                 {"temperature", nullptr},     {"top_p", nullptr},
                 {"metadata", Json::object()}, {"tools", Json::array()},
                 {"tool_choice", "auto"},      {"text", {{"format", {{"type", "text"}}}}},
                 {"parallel_tool_calls", true}};
  for (auto& [key, value] : echoed.items())
    if (const auto said = body.find(key); said != body.end() && !said->is_null()) value = *said;
  return echoed;
}

}  // namespace

Outcome<ChatRequest> read_chat(const Json& body) {
  ChatRequest request;
  std::optional<ApiError> error;
  Fields fields(body, "", error);
  read_generation(fields, request);
  request.held_to_form = !request.generate.grammar.empty();
  int64_t most = 0;
  constexpr int64_t kMost = INT32_MAX;
  for (const char* key : {"max_tokens", "max_completion_tokens"})
    if (fields.read(key, most, 1, kMost)) request.max_tokens = most;
  read_chat_logprobs(fields, request);
  read_response_format(fields, "response_format", false, request);
  read_tools(fields, false, request);
  read_variables(fields, request.chat);
  if (const Json* messages = fields.read_array("messages"))
    request.messages = read_messages(*messages, "messages", error);
  else
    fields.refuse("messages", "is missing");
  for (const char* key : {"functions", "function_call", "audio", "web_search_options", "prediction"})
    if (fields.find(key)) fields.refuse_unsupported(key, "is not taken here");
  fields.ignore({"modalities", "verbosity"});
  fields.finish();
  if (error) return *error;
  return request;
}

Outcome<ResponsesRequest> read_responses(const Json& body) {
  ResponsesRequest request;
  ChatRequest& chat = request.chat;
  std::optional<ApiError> error;
  Fields fields(body, "", error);
  read_generation(fields, chat);
  chat.held_to_form = !chat.generate.grammar.empty();
  int64_t most = 0;
  if (fields.read("max_output_tokens", most, 1, INT32_MAX)) chat.max_tokens = most;
  if (const Json* text = fields.read_object("text")) {
    Fields of_text(*text, "text.", error);
    read_response_format(of_text, "format", true, chat);
    of_text.ignore({"verbosity"});
    of_text.finish();
  }
  read_tools(fields, true, chat);
  if (const Json* reasoning = fields.read_object("reasoning")) {
    std::string effort;
    Fields of_reasoning(*reasoning, "reasoning.", error);
    if (of_reasoning.read("effort", effort)) chat.chat.variables = json_text({{"reasoning_effort", effort}});
    of_reasoning.ignore({"summary", "generate_summary"});
    of_reasoning.finish();
  }
  for (const char* key : {"previous_response_id", "conversation", "prompt"})
    if (fields.find(key)) fields.refuse_unsupported(key, "this server keeps no conversations: say all of it in input");
  bool background = false;
  if (fields.read("background", background) && background) fields.refuse_unsupported("background", "is not taken here");
  if (chat.n != 1) fields.refuse("n", "a response is one");
  if (chat.generate.experts)
    fields.refuse_unsupported("tritium.experts", "a response has no place for them: ask /v1/chat/completions");
  fields.ignore({"include", "truncation", "max_tool_calls", "top_logprobs"});
  const Json messages = messages_of_input(fields, error);
  if (!error) chat.messages = read_messages(messages, "input", error);
  fields.finish();
  if (error) return *error;
  request.echoed = echoed_of(body);
  return request;
}

}  // namespace tritium::server
