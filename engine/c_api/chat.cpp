#include "c_api/chat.h"

#include "base/json.h"
#include "c_api/call.h"
#include "c_api/handles.h"
#include "c_api/structs.h"

namespace tritium::c_api {

template <>
tritium_chat_options defaults<tritium_chat_options>() {
  return {.size = sizeof(tritium_chat_options)};
}

ChatOptions chat_options_of(const tritium_chat_options& o) {
  return {.add_generation_prompt = o.no_generation_prompt == 0,
          .tools = text_or_empty(o.tools),
          .variables = text_or_empty(o.variables),
          .now = text_or_empty(o.now),
          .chat_template = text_or_empty(o.chat_template),
          .template_name = text_or_empty(o.template_name),
          .control_tokens_in_messages = o.control_tokens_in_messages != 0};
}

}  // namespace tritium::c_api

extern "C" {

using namespace tritium::c_api;
using tritium::Status;

void tritium_chat_options_init(tritium_chat_options* options, uint64_t size) { init_options(options, size); }
int32_t tritium_has_chat_template(const tritium_model* model) { return model && model->model.has_chat_template(); }

tritium_status tritium_format_chat(const tritium_model* model, const char* messages, uint64_t messages_size,
                                   const tritium_chat_options* options, char* text, uint64_t text_capacity,
                                   uint64_t* text_needed, int32_t* tokens, uint64_t token_capacity,
                                   uint64_t* tokens_needed, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{model, "model"}}); !s.ok()) return s;
    const auto json = given_text(messages, messages_size, "messages");
    if (!json.ok()) return json.status();
    const auto all = options_of(options, "tritium_chat_options");
    if (!all.ok()) return all.status();
    const auto prompt = model->model.format_chat(*json, chat_options_of(*all));
    if (!prompt.ok()) return prompt.status();
    // Both sizes are told, also where the first does not fit.
    if (text_needed) *text_needed = prompt->text.size();
    if (tokens_needed) *tokens_needed = prompt->tokens.size();
    const bool text_fits = !text_needed || prompt->text.size() <= text_capacity;
    const bool tokens_fit = !tokens_needed || prompt->tokens.size() <= token_capacity;
    if (text_needed && (tokens_fit || !text_fits))
      if (Outcome o = fill(std::span(prompt->text), text, text_capacity, text_needed); o.status != TRITIUM_OK) return o;
    if (!tokens_needed) return {};
    return fill(std::span(prompt->tokens), tokens, token_capacity, tokens_needed);
  });
}

tritium_status tritium_tool_grammar(const tritium_model* model, const char* messages, uint64_t messages_size,
                                    const tritium_chat_options* options, char* json, uint64_t capacity,
                                    uint64_t* needed, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{model, "model"}}); !s.ok()) return s;
    const auto conversation = given_text(messages, messages_size, "messages");
    if (!conversation.ok()) return conversation.status();
    const auto all = options_of(options, "tritium_chat_options");
    if (!all.ok()) return all.status();
    const auto prompt = model->model.format_chat(*conversation, chat_options_of(*all));
    if (!prompt.ok()) return prompt.status();
    std::string text = "{\"grammar\": " + tritium::json_quoted(prompt->tool_grammar) + ", \"triggers\": [";
    for (const std::string& word : prompt->tool_grammar_triggers)
      text += (text.ends_with('[') ? "" : ", ") + tritium::json_quoted(word);
    text += "]}";
    return fill(std::span<const char>(text), json, capacity, needed);
  });
}
}
