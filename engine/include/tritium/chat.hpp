// Chat: a conversation as the text and the tokens that a model was trained to continue, by the chat template that its
// file carries (Jinja, as Hugging Face's transformers renders it).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tritium/status.hpp"

namespace tritium {

struct ChatMessage {
  std::string role;  // "system", "user", "assistant", "tool"
  std::string content;
  std::string reasoning_content;  // what an assistant thought first; empty: not said
  std::string tool_calls;         // JSON array of what an assistant calls; empty: nothing
  std::string name;               // of a tool; empty: not said
  std::string tool_call_id;       // of the call that a tool answers; empty: not said
};

// The messages as a JSON array. corrupt_file: tool_calls are not JSON.
Result<std::string> chat_messages_json(std::span<const ChatMessage> messages);
// What a JSON array holds, or an object with "messages"; content that is not a string stays out. corrupt_file says what
// is wrong.
Result<std::vector<ChatMessage>> parse_chat_messages(std::string_view json);

struct ChatOptions {
  bool add_generation_prompt = true;  // ends where the assistant begins to speak
  std::string tools;                  // JSON array of what may be called; empty: nothing
  std::string variables;              // JSON object of what the template shall know besides: {"enable_thinking": false}
  std::string now;                    // "2026-11-26T09:05:07", what the template takes for the time; empty: the clock's
  std::string chat_template;          // Jinja text to use instead of the model's
  std::string template_name;          // of several templates of the model; empty: "tool_use" where there are tools
  // Control tokens that messages spell out become those tokens. As it is, what users write never does.
  bool control_tokens_in_messages = false;
};

struct ChatPrompt {
  std::string text;             // what the template makes
  std::vector<int32_t> tokens;  // of it, with the model's first token once; empty where there is no tokenizer
  // For GenerateOptions::grammar and grammar_triggers: the text is free until it begins to call a tool, and then calls
  // one of ChatOptions::tools, with arguments that fit its schema (any object, where no grammar can say the schema).
  // Empty: there are no tools, or the template's calls are no JSON between marks.
  std::string tool_grammar;
  std::vector<std::string> tool_grammar_triggers;
};

// What a model wrote, taken apart by what its template says of reasoning and calls (papers/chat.md has the formats).
struct ChatReply {
  std::string content;
  std::string reasoning_content;
  // As ChatMessage::tool_calls: [{"type": "function", "function": {"name": …, "arguments": {…}}}], with "id" where the
  // format has one; empty: none. Arguments are as the model wrote them, where that is JSON.
  std::string tool_calls;
};

// A reply that is taken apart while it is generated: Model::reply_stream(). Each call gives what became certain with
// it, and all of it together is what Model::parse_reply() gives, wherever the text was cut. One thread at a time.
class ChatReplyStream {
 public:
  Result<ChatReply> append(std::string_view text);
  // In place of its text: marks that are control tokens (Mistral, Llama, LFM2, DeepSeek, Granite) are in no text.
  // unsupported: there is no tokenizer.
  Result<ChatReply> append(int32_t token);
  // What was held back. A call that does not end is content. The stream has ended: invalid_argument from here on.
  Result<ChatReply> finish();

 private:
  friend class Model;
  struct State;
  explicit ChatReplyStream(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

// {"content": …, "reasoning_content": …, "tool_calls": […]}, all three; what is not UTF-8 becomes U+FFFD.
Result<std::string> chat_reply_json(const ChatReply& reply);

// The text alone, of a template without a model: bos_token and eos_token are what options.variables say. `messages` is
// a JSON array, or an object with "messages" and perhaps "tools". corrupt_file: what is not JSON, or no template, with
// the line and column; invalid_argument: the template does not take such messages, and says why.
Result<std::string> render_chat(std::string_view chat_template, std::string_view messages,
                                const ChatOptions& options = {});
// The text by the template of a model's file, whose weights are not read.
Result<std::string> render_chat_of(const std::string& path, std::string_view messages, const ChatOptions& options = {});

}  // namespace tritium
