// What a model wrote, at once and while it is generated.
#include "c_api/call.h"
#include "c_api/chat.h"
#include "c_api/handles.h"
#include "c_api/structs.h"

struct tritium_reply_stream {
  tritium::ChatReplyStream stream;
  tritium::ChatReply last;  // what its last call gave
};

namespace tritium::c_api {
namespace {

Outcome json_of(const Result<ChatReply>& reply, char* json, uint64_t capacity, uint64_t* needed) {
  if (!reply.ok()) return reply.status();
  const Result<std::string> text = chat_reply_json(*reply);
  if (!text.ok()) return text.status();
  return fill(std::span(*text), json, capacity, needed);
}

// A call of a stream: `append` takes the library's and gives what became certain.
template <typename Append>
Outcome part_of(tritium_reply_stream* stream, tritium_reply_part* out, const Append& append) {
  if (Status s = needs({{stream, "stream"}}); !s.ok()) return s;
  if (Status s = check_out(out, "tritium_reply_part"); !s.ok()) return s;
  Result<ChatReply> reply = append(stream->stream);
  if (!reply.ok()) return reply.status();
  const ChatReply& r = stream->last = *std::move(reply);
  return give(tritium_reply_part{.size = sizeof(tritium_reply_part),
                                 .content = r.content.c_str(),
                                 .content_size = r.content.size(),
                                 .reasoning_content = r.reasoning_content.c_str(),
                                 .reasoning_content_size = r.reasoning_content.size(),
                                 .tool_calls = r.tool_calls.c_str(),
                                 .tool_calls_size = r.tool_calls.size()},
              out, "tritium_reply_part");
}

}  // namespace
}  // namespace tritium::c_api

extern "C" {

using namespace tritium::c_api;
using tritium::ChatReplyStream;
using tritium::Status;

tritium_status tritium_parse_reply(const tritium_model* model, const char* text, uint64_t text_size,
                                   const tritium_chat_options* options, char* json, uint64_t capacity, uint64_t* needed,
                                   tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{model, "model"}}); !s.ok()) return s;
    const auto bytes = given_text(text, text_size, "text");
    if (!bytes.ok()) return bytes.status();
    const auto all = options_of(options, "tritium_chat_options");
    if (!all.ok()) return all.status();
    return json_of(model->model.parse_reply(*bytes, chat_options_of(*all)), json, capacity, needed);
  });
}

tritium_status tritium_parse_reply_tokens(const tritium_model* model, const int32_t* tokens, uint64_t n_tokens,
                                          const tritium_chat_options* options, char* json, uint64_t capacity,
                                          uint64_t* needed, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{model, "model"}}); !s.ok()) return s;
    const auto ids = given(tokens, n_tokens, "tokens");
    if (!ids.ok()) return ids.status();
    const auto all = options_of(options, "tritium_chat_options");
    if (!all.ok()) return all.status();
    return json_of(model->model.parse_reply(*ids, chat_options_of(*all)), json, capacity, needed);
  });
}

tritium_status tritium_reply_stream_create(const tritium_model* model, const tritium_chat_options* options,
                                           tritium_reply_stream** out, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{out, "out"}}); !s.ok()) return s;
    *out = nullptr;
    if (Status s = needs({{model, "model"}}); !s.ok()) return s;
    const auto all = options_of(options, "tritium_chat_options");
    if (!all.ok()) return all.status();
    auto stream = model->model.reply_stream(chat_options_of(*all));
    if (!stream.ok()) return stream.status();
    return give_handle(out, *std::move(stream));
  });
}

tritium_status tritium_reply_stream_append(tritium_reply_stream* stream, const char* text, uint64_t text_size,
                                           tritium_reply_part* out, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    const auto bytes = given_text(text, text_size, "text");
    if (!bytes.ok()) return bytes.status();
    return part_of(stream, out, [&](ChatReplyStream& reply) { return reply.append(*bytes); });
  });
}

tritium_status tritium_reply_stream_append_token(tritium_reply_stream* stream, int32_t token, tritium_reply_part* out,
                                                 tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    return part_of(stream, out, [&](ChatReplyStream& reply) { return reply.append(token); });
  });
}

tritium_status tritium_reply_stream_finish(tritium_reply_stream* stream, tritium_reply_part* out,
                                           tritium_error* error) {
  return guarded(
      error, [&]() -> Outcome { return part_of(stream, out, [](ChatReplyStream& reply) { return reply.finish(); }); });
}

void tritium_reply_stream_release(tritium_reply_stream* stream) { delete stream; }
}
