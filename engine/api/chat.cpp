// Conversations, between the public API's texts and the templates.
#include "tritium/chat.hpp"

#include "api/rendered_chat.h"
#include "api/state.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "model_files/open_model.h"
#include "text/grammar/json_parts.h"
#include "text/unicode.h"

namespace tritium {
namespace {

Result<Conversation> conversation_of(std::string_view messages, const ChatOptions& options) {
  Conversation conversation;
  if (Status s = read_conversation(messages, options.tools, conversation); !s.ok()) return s;
  conversation.add_generation_prompt = options.add_generation_prompt;
  conversation.trusted = options.control_tokens_in_messages;
  if (!options.variables.empty()) {
    const Result<Json> variables = parse_json(options.variables);
    if (!variables.ok()) return variables.status().within("variables");
    if (!variables->object())
      return error(StatusCode::corrupt_file, "variables: must be an object, it is ", variables->kind());
    for (const Json::Member& member : *variables->object())
      conversation.variables.push_back({.name = member.name, .value = member.value});
  }
  Result<std::tm> now = time_of(options.now);
  if (!now.ok()) return now.status();
  conversation.now = *now;
  return conversation;
}

Result<std::string> text_of(const Result<RenderedChat>& rendered) {
  return rendered.ok() ? Result<std::string>(rendered->text.text) : rendered.status();
}

}  // namespace

Result<RenderedChat> rendered_chat(const ChatFormat& format, std::string_view messages, const ChatOptions& options) {
  Result<Conversation> conversation = conversation_of(messages, options);
  if (!conversation.ok()) return conversation.status();
  const bool tools = conversation->tools.array() && !conversation->tools.array()->empty();
  const Result<std::string> source = options.chat_template.empty() ? format.source(options.template_name, tools)
                                                                   : Result<std::string>(options.chat_template);
  if (!source.ok()) return source.status();
  const Result<jinja::Template> made = jinja::Template::parse(*source);
  if (!made.ok()) return made.status();
  Result<jinja::Rendered> text = render_conversation(*made, *conversation, format.token_texts());
  if (!text.ok()) return text.status();
  return RenderedChat{.text = *std::move(text),
                      .format = reply_format_of(*source, std::move(conversation->tools)),
                      .chat_template = *source};
}

ReplyFormat reply_format_of(std::string_view chat_template, Json tools) {
  ReplyFormat format = reply_format(chat_template);
  format.tools = std::move(tools);
  return format;
}

Result<std::string> render_chat(std::string_view chat_template, std::string_view messages,
                                const ChatOptions& options) try {
  const Result<Conversation> conversation = conversation_of(messages, options);
  if (!conversation.ok()) return conversation.status();
  const Result<jinja::Template> made = jinja::Template::parse(chat_template);
  if (!made.ok()) return made.status();
  Result<jinja::Rendered> text = render_conversation(*made, *conversation, {});
  return text.ok() ? Result<std::string>(std::move(text->text)) : text.status();
} catch (...) {
  return caught();
}

Result<std::string> render_chat_of(const std::string& path, std::string_view messages, const ChatOptions& options) try {
  const Result<Metadata> metadata = open_vocabulary(path);
  if (!metadata.ok()) return metadata.status();
  const auto tokenizer = Tokenizer::from_metadata(*metadata);
  const ChatFormat format = ChatFormat::from_metadata(*metadata, tokenizer.ok() ? tokenizer->get() : nullptr);
  return text_of(rendered_chat(format, messages, options));
} catch (...) {
  return caught();
}

Result<ChatPrompt> Model::format_chat(std::string_view messages, const ChatOptions& options) const try {
  if (!state_) return error(StatusCode::invalid_argument, "this model was moved from: use the one it was moved to");
  Result<RenderedChat> chat = rendered_chat(state_->chat, messages, options);
  if (!chat.ok()) return chat.status();
  ChatPrompt prompt;
  prompt.text = std::move(chat->text.text);
  const Tokenizer* tokenizer = state_->tokenizer.get();
  if (tokenizer) prompt.tokens = ChatEncoder(*tokenizer).encode(prompt.text, chat->text.from_messages);
  ToolGrammar calls = state_->tool_grammars.of(chat->chat_template, chat->format, [&](std::string_view mark) {
    return tokenizer && tokenizer->control_token(mark) >= 0;
  });
  prompt.tool_grammar = std::move(calls.gbnf);
  prompt.tool_grammar_triggers = std::move(calls.triggers);
  return prompt;
} catch (...) {
  return caught();
}

Result<ChatPrompt> Model::format_chat(std::span<const ChatMessage> messages, const ChatOptions& options) const {
  const Result<std::string> json = chat_messages_json(messages);
  return json.ok() ? format_chat(*json, options) : json.status();
}

bool Model::has_chat_template() const { return state_ && state_->chat.has_template(); }

Result<std::string> chat_messages_json(std::span<const ChatMessage> messages) try {
  std::string json = "[";
  for (size_t i = 0; i < messages.size(); ++i) {
    const ChatMessage& message = messages[i];
    if (!is_utf8(message.content))  // JSON has nothing else
      return error(StatusCode::invalid_argument, "messages[", i, "].content: is not UTF-8");
    json += json.size() > 1 ? ", {" : "{";
    json += "\"role\": " + json_quoted(message.role) + ", \"content\": " + json_quoted(message.content);
    const auto add = [&](const char* key, const std::string& text) {
      if (!text.empty()) json += std::string(", \"") + key + "\": " + json_quoted(text);
    };
    add("reasoning_content", message.reasoning_content);
    add("name", message.name);
    add("tool_call_id", message.tool_call_id);
    if (!message.tool_calls.empty()) {
      if (const Result<Json> calls = parse_json(message.tool_calls); !calls.ok())
        return calls.status().within("tool_calls");
      json += ", \"tool_calls\": " + message.tool_calls;
    }
    json += "}";
  }
  return json + "]";
} catch (...) {
  return caught();
}

Result<std::vector<ChatMessage>> parse_chat_messages(std::string_view json) try {
  Conversation conversation;
  if (Status s = read_conversation(json, {}, conversation); !s.ok()) return s;
  std::vector<ChatMessage> messages;
  for (const Json& one : *conversation.messages.array()) {
    const auto text = [&](const char* key) {
      const Json* value = one.find(key);
      return value && value->text() ? *value->text() : std::string();
    };
    const Json* calls = one.find("tool_calls");
    messages.push_back({.role = text("role"),
                        .content = text("content"),
                        .reasoning_content = text("reasoning_content"),
                        .tool_calls = calls ? grammar::json_text(*calls) : std::string(),
                        .name = text("name"),
                        .tool_call_id = text("tool_call_id")});
  }
  return messages;
} catch (...) {
  return caught();
}

}  // namespace tritium
