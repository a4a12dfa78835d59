// Replies of a model, taken apart as its template says.
#include <optional>
#include <utility>

#include "api/rendered_chat.h"
#include "api/state.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "text/reply/reply_parser.h"
#include "text/streaming_detokenizer.h"
#include "text/utf8.h"

namespace tritium {
namespace {

ChatReply reply_of(ReplyParts parts) {
  return {.content = std::move(parts.content),
          .reasoning_content = std::move(parts.reasoning),
          .tool_calls = tool_calls_json(parts.calls)};
}

// What comes after a prompt by these options. Whether the prompt opens a thought is seen from one.
Result<ReplyFormat> format_of(const ChatFormat& chat, const ChatOptions& options) {
  Result<Json> tools = options.tools.empty() ? Result<Json>(Json()) : parse_json(options.tools);
  if (!tools.ok()) return tools.status().within("tools");
  if (options.chat_template.empty() && !chat.has_template()) return reply_format_of({}, *std::move(tools));
  if (options.add_generation_prompt) {
    Result<RenderedChat> prompt = rendered_chat(chat, R"([{"role": "user", "content": "a"}])", options);
    if (prompt.ok()) {
      prompt->format.begins_in_reasoning = ends_in_reasoning(prompt->format, prompt->text.text);
      return std::move(prompt->format);
    }
  }
  const bool any_tools = tools->array() && !tools->array()->empty();
  const Result<std::string> source = options.chat_template.empty() ? chat.source(options.template_name, any_tools)
                                                                   : Result<std::string>(options.chat_template);
  if (!source.ok()) return source.status();
  return reply_format_of(*source, *std::move(tools));
}

// What is not UTF-8 becomes U+FFFD.
std::string as_utf8(std::string_view text) {
  std::string whole;
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const bool good = utf8_state(rest) == Utf8::whole;
    const size_t n = good ? utf8_expected_length(static_cast<unsigned char>(rest[0])) : 1;
    whole += good ? rest.substr(0, n) : std::string_view("\uFFFD");
    at += n;
  }
  return whole;
}

}  // namespace

struct ChatReplyStream::State {
  ReplyFormat format;
  ReplyParser parser;
  std::shared_ptr<const Tokenizer> tokenizer;  // null: there is none
  std::optional<StreamingDetokenizer> detokenizer;
  bool finished = false;

  Status check() const {
    return finished ? Status(StatusCode::invalid_argument, "this reply is finished: make a stream for the next one")
                    : Status();
  }
  // What became whole with it; of control tokens, the marks of the format.
  Result<std::string> text_of(int32_t token) {
    if (!tokenizer) return error(StatusCode::unsupported, "the model has no tokenizer: append text");
    if (token < 0 || token >= tokenizer->vocab_size())
      return error(StatusCode::invalid_argument, "there is no token ", token, ": this model has ids 0 to ",
                   tokenizer->vocab_size() - 1);
    if (!tokenizer->is_control(token)) return detokenizer->push(token);
    const std::string_view piece = tokenizer->piece(token);
    if (!is_reply_mark(format, piece)) return std::string();
    return detokenizer->flush().append(piece);
  }
  ReplyParts finish() {
    ReplyParts parts;
    if (detokenizer) parts = parser.append(detokenizer->flush());
    parts += parser.finish();
    return parts;
  }
};

Result<ChatReply> ChatReplyStream::append(std::string_view text) try {
  if (Status s = state_->check(); !s.ok()) return s;
  return reply_of(state_->parser.append(text));
} catch (...) {
  return caught();
}

Result<ChatReply> ChatReplyStream::append(int32_t token) try {
  if (Status s = state_->check(); !s.ok()) return s;
  const Result<std::string> text = state_->text_of(token);
  if (!text.ok()) return text.status();
  return reply_of(state_->parser.append(*text));
} catch (...) {
  return caught();
}

Result<ChatReply> ChatReplyStream::finish() try {
  if (Status s = state_->check(); !s.ok()) return s;
  state_->finished = true;
  return reply_of(state_->finish());
} catch (...) {
  return caught();
}

Result<ChatReplyStream> Model::reply_stream(const ChatOptions& options) const try {
  if (!state_) return error(StatusCode::invalid_argument, "this model was moved from: use the one it was moved to");
  Result<ReplyFormat> format = format_of(state_->chat, options);
  if (!format.ok()) return format.status();
  auto state = std::make_shared<ChatReplyStream::State>(ChatReplyStream::State{
      .format = *format, .parser = ReplyParser(*format), .tokenizer = state_->tokenizer, .detokenizer = std::nullopt});
  // A reply goes on from a prompt: its first space is one.
  if (state->tokenizer) state->detokenizer.emplace(*state->tokenizer, false);
  return ChatReplyStream(std::move(state));
} catch (...) {
  return caught();
}

Result<ChatReply> Model::parse_reply(std::string_view text, const ChatOptions& options) const try {
  if (!state_) return error(StatusCode::invalid_argument, "this model was moved from: use the one it was moved to");
  Result<ReplyFormat> format = format_of(state_->chat, options);
  if (!format.ok()) return format.status();
  return reply_of(reply_parts(*std::move(format), text));
} catch (...) {
  return caught();
}

Result<ChatReply> Model::parse_reply(std::span<const int32_t> tokens, const ChatOptions& options) const try {
  Result<ChatReplyStream> stream = reply_stream(options);
  if (!stream.ok()) return stream.status();
  ReplyParts all;
  for (const int32_t token : tokens) {
    Result<std::string> text = stream->state_->text_of(token);
    if (!text.ok()) return text.status();
    all += stream->state_->parser.append(*text);
  }
  all += stream->state_->finish();
  return reply_of(std::move(all));
} catch (...) {
  return caught();
}

Result<std::string> chat_reply_json(const ChatReply& reply) try {
  return "{\"content\": " + json_quoted(as_utf8(reply.content)) +
         ", \"reasoning_content\": " + json_quoted(as_utf8(reply.reasoning_content)) +
         ", \"tool_calls\": " + (reply.tool_calls.empty() ? "[]" : reply.tool_calls) + "}";
} catch (...) {
  return caught();
}

}  // namespace tritium
