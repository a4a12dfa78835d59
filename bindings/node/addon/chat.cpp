#include "addon/functions.h"

namespace tritium::node {
namespace {

// What a conversation's options point to, and the model, as long as a call takes.
struct Chat {
  std::shared_ptr<tritium_model> model;
  std::optional<std::string> tools, variables, now, chat_template, template_name;
  tritium_chat_options options;

  Chat(const Call& call, napi_value given_options) : model(held<tritium_model>(call.env, call.arguments[0])) {
    tritium_chat_options_init(&options, sizeof options);
    const Object given(call.env, given_options);
    given.get("tools", tools);
    given.get("variables", variables);
    given.get("now", now);
    given.get("chatTemplate", chat_template);
    given.get("templateName", template_name);
    given.get("noGenerationPrompt", options.no_generation_prompt);
    given.get("controlTokensInMessages", options.control_tokens_in_messages);
    given.refuse_others();
    options.tools = pointer_to(tools);
    options.variables = pointer_to(variables);
    options.now = pointer_to(now);
    options.chat_template = pointer_to(chat_template);
    options.template_name = pointer_to(template_name);
  }
  Chat(const Chat&) = delete;
  Chat& operator=(const Chat&) = delete;
};

std::string_view view(const std::vector<char>& text) { return {text.data(), text.size()}; }

}  // namespace

napi_value format_chat(const Call& call) {
  struct State : Chat {
    using Chat::Chat;
    std::string messages;
    std::vector<char> text, calls;
    std::vector<int32_t> tokens;
  };
  auto state = std::make_shared<State>(call, call.arguments[2]);
  state->messages = bytes_of(call.env, call.arguments[1], "messages");
  return promise(
      call.env,
      [state](tritium_error* error) {
        const auto format = [&](char* text, uint64_t text_capacity, uint64_t* text_needed, int32_t* tokens,
                                uint64_t token_capacity, uint64_t* tokens_needed) {
          return tritium_format_chat(state->model.get(), state->messages.data(), state->messages.size(),
                                     &state->options, text, text_capacity, text_needed, tokens, token_capacity,
                                     tokens_needed, error);
        };
        tritium_status status = filled(state->text, [&](char* buffer, uint64_t capacity, uint64_t* needed) {
          return format(buffer, capacity, needed, nullptr, 0, nullptr);
        });
        if (status != TRITIUM_OK) return status;
        status = filled(state->calls, [&](char* buffer, uint64_t capacity, uint64_t* needed) {
          return tritium_tool_grammar(state->model.get(), state->messages.data(), state->messages.size(),
                                      &state->options, buffer, capacity, needed, error);
        });
        if (status != TRITIUM_OK) return status;
        return filled(state->tokens, [&](int32_t* buffer, uint64_t capacity, uint64_t* needed) {
          return format(nullptr, 0, nullptr, buffer, capacity, needed);
        });
      },
      [state](napi_env env) {
        return ObjectBuilder(env)
            .set("text", view(state->text))
            .set("tokens", std::span<const int32_t>(state->tokens))
            .set("calls", view(state->calls))
            .value();
      });
}

napi_value parse_reply(const Call& call) {
  struct State : Chat {
    using Chat::Chat;
    std::vector<char> json;
  };
  auto state = std::make_shared<State>(call, call.arguments[2]);
  return promise(
      call.env,
      [state, text = bytes_of(call.env, call.arguments[1], "reply")](tritium_error* error) {
        return filled(state->json, [&](char* buffer, uint64_t capacity, uint64_t* needed) {
          return tritium_parse_reply(state->model.get(), text.data(), text.size(), &state->options, buffer, capacity,
                                     needed, error);
        });
      },
      [state](napi_env env) { return to_js(env, view(state->json)); });
}

napi_value parse_reply_tokens(const Call& call) {
  struct State : Chat {
    using Chat::Chat;
    std::vector<char> json;
  };
  auto state = std::make_shared<State>(call, call.arguments[2]);
  return promise(
      call.env,
      [state, tokens = tokens_of(call.env, call.arguments[1])](tritium_error* error) {
        return filled(state->json, [&](char* buffer, uint64_t capacity, uint64_t* needed) {
          return tritium_parse_reply_tokens(state->model.get(), tokens.data(), tokens.size(), &state->options, buffer,
                                            capacity, needed, error);
        });
      },
      [state](napi_env env) { return to_js(env, view(state->json)); });
}

namespace {

napi_value part_to_js(napi_env env, const tritium_reply_part& part) {
  return ObjectBuilder(env)
      .set("content", std::string_view(part.content, part.content_size))
      .set("reasoning", std::string_view(part.reasoning_content, part.reasoning_content_size))
      .set("calls", std::string_view(part.tool_calls, part.tool_calls_size))
      .value();
}

// A call of a stream, which takes no time.
template <typename Take>
napi_value reply_part(const Call& call, Take take) {
  const auto stream = held<tritium_reply_stream>(call.env, call.arguments[0]);
  tritium_error error = {.size = sizeof error};
  tritium_reply_part part = {.size = sizeof part};
  const tritium_status status = take(stream.get(), &part, &error);
  if (status == TRITIUM_OK) return part_to_js(call.env, part);
  check(call.env, napi_throw_error(call.env, tritium_status_name(status), error.message));
  throw Thrown();
}

}  // namespace

napi_value reply_stream(const Call& call) {
  struct State : Chat {
    using Chat::Chat;
    std::shared_ptr<tritium_reply_stream> stream;
  };
  auto state = std::make_shared<State>(call, call.arguments[1]);
  return promise(
      call.env,
      [state](tritium_error* error) {
        tritium_reply_stream* made = nullptr;
        const tritium_status status = tritium_reply_stream_create(state->model.get(), &state->options, &made, error);
        state->stream = owned(made);
        return status;
      },
      [state](napi_env env) { return hold(env, state->stream); });
}

napi_value reply_append(const Call& call) {
  napi_valuetype type = napi_undefined;
  check(call.env, napi_typeof(call.env, call.arguments[1], &type));
  if (type == napi_number) {
    const int64_t token = integer_of(call.env, call.arguments[1], "token");
    if (token != static_cast<int32_t>(token)) throw_type_error(call.env, "token must be an integer of 32 bits");
    return reply_part(call, [&](auto* stream, auto* part, auto* error) {
      return tritium_reply_stream_append_token(stream, static_cast<int32_t>(token), part, error);
    });
  }
  const std::string text = bytes_of(call.env, call.arguments[1], "piece");
  return reply_part(call, [&](auto* stream, auto* part, auto* error) {
    return tritium_reply_stream_append(stream, text.data(), text.size(), part, error);
  });
}

napi_value reply_finish(const Call& call) {
  return reply_part(
      call, [](auto* stream, auto* part, auto* error) { return tritium_reply_stream_finish(stream, part, error); });
}

}  // namespace tritium::node
