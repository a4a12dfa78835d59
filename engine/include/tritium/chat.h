// Conversations in C, and what comes back: part of tritium.h, whose dialect it has.
#ifndef TRITIUM_CHAT_H
#define TRITIUM_CHAT_H

#include <stdint.h>

#include "tritium/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tritium_model tritium_model;  // tritium.h

// ---- prompts ---------------------------------------------------------------------------------------------

typedef struct tritium_chat_options {
  uint64_t size;
  const char* tools;             // JSON array of what may be called; NULL: nothing
  const char* variables;         // JSON object of what the template shall know besides: {"enable_thinking": false}
  const char* now;               // "2026-11-26T09:05:07", what the template takes for the time; NULL: the clock's
  const char* chat_template;     // Jinja text to use instead of the model's; NULL: that
  const char* template_name;     // of several templates of the model; NULL: "tool_use" where there are tools
  int32_t no_generation_prompt;  // not 0: does not end where the assistant begins to speak
  int32_t control_tokens_in_messages;  // not 0: control tokens that messages spell out become those tokens
} tritium_chat_options;
TRITIUM_API void tritium_chat_options_init(tritium_chat_options* options, uint64_t size);
TRITIUM_API int32_t tritium_has_chat_template(const tritium_model* model);
// A conversation as the model was trained to continue it: its text and its tokens, each of which is left out where its
// `needed` is NULL. `messages`: JSON array of {"role", "content"}, or an object with "messages" and perhaps "tools".
// TRITIUM_NOT_FOUND: the model has no chat template; TRITIUM_CORRUPT_FILE: messages that are not JSON.
TRITIUM_API tritium_status tritium_format_chat(const tritium_model* model, const char* messages, uint64_t messages_size,
                                               const tritium_chat_options* options,                                //
                                               char* text, uint64_t text_capacity, uint64_t* text_needed,          //
                                               int32_t* tokens, uint64_t token_capacity, uint64_t* tokens_needed,  //
                                               tritium_error* error);

// What holds a model to calls of options->tools that fit their schemas, for tritium_generate_options.grammar and
// grammar_triggers: JSON {"grammar": GBNF, "triggers": [words]}, without a zero byte at its end. "" and []: there are
// no tools, or the template's calls are no JSON between marks. `messages` as of tritium_format_chat().
TRITIUM_API tritium_status tritium_tool_grammar(const tritium_model* model, const char* messages,
                                                uint64_t messages_size, const tritium_chat_options* options,  //
                                                char* json, uint64_t capacity, uint64_t* needed, tritium_error* error);
// ---- replies ---------------------------------------------------------------------------------------------

// What the model wrote after tritium_format_chat() with these options, taken apart as their template says: JSON
// {"content", "reasoning_content", "tool_calls": [{"type": "function", "function": {"name", "arguments": {…}}}]}, calls
// with an "id" where the format has one, without a zero byte at its end. What looks like a call and is none that is
// valid is content. Formats whose marks are control tokens (Mistral, Llama, LFM2, DeepSeek, Granite) need the tokens:
// no text has them.
TRITIUM_API tritium_status tritium_parse_reply(const tritium_model* model, const char* text, uint64_t text_size,
                                               const tritium_chat_options* options,  //
                                               char* json, uint64_t capacity, uint64_t* needed, tritium_error* error);
TRITIUM_API tritium_status tritium_parse_reply_tokens(const tritium_model* model, const int32_t* tokens,
                                                      uint64_t n_tokens, const tritium_chat_options* options,  //
                                                      char* json, uint64_t capacity, uint64_t* needed,
                                                      tritium_error* error);

// A reply that is taken apart while it is generated: each call gives what became certain with it, and all of it
// together is what tritium_parse_reply() gives, wherever the text was cut. One thread at a time.
typedef struct tritium_reply_stream tritium_reply_stream;
// Of the stream, until its next call; without zero bytes at their ends. UTF-8 where the text that was given is.
typedef struct tritium_reply_part {
  uint64_t size;
  const char* content;
  uint64_t content_size;
  const char* reasoning_content;
  uint64_t reasoning_content_size;
  const char* tool_calls;  // JSON array, as above; empty: none
  uint64_t tool_calls_size;
} tritium_reply_part;
TRITIUM_API tritium_status tritium_reply_stream_create(const tritium_model* model, const tritium_chat_options* options,
                                                       tritium_reply_stream** out, tritium_error* error);
TRITIUM_API tritium_status tritium_reply_stream_append(tritium_reply_stream* stream, const char* text,
                                                       uint64_t text_size, tritium_reply_part* out,
                                                       tritium_error* error);
// A token in place of its text, for marks that are control tokens. TRITIUM_UNSUPPORTED: there is no tokenizer.
TRITIUM_API tritium_status tritium_reply_stream_append_token(tritium_reply_stream* stream, int32_t token,
                                                             tritium_reply_part* out, tritium_error* error);
// What was held back; a call that does not end is content. The stream is at its end (TRITIUM_INVALID_ARGUMENT).
TRITIUM_API tritium_status tritium_reply_stream_finish(tritium_reply_stream* stream, tritium_reply_part* out,
                                                       tritium_error* error);
TRITIUM_API void tritium_reply_stream_release(tritium_reply_stream* stream);

#ifdef __cplusplus
}
#endif

#endif
