#include "addon/functions.h"

namespace tritium::node {
namespace {

std::shared_ptr<tritium_session> session_of(const Call& call) {
  return held<tritium_session>(call.env, call.arguments[0]);
}

}  // namespace

napi_value sessions_create(const Call& call) {
  struct State {
    std::shared_ptr<tritium_model> model;
    std::shared_ptr<tritium_cancel> cancel;
    tritium_session_options options;
    std::vector<std::shared_ptr<tritium_session>> sessions;
    int64_t work_bytes = 0, kv_bytes_per_token = 0;
  };
  auto state = std::make_shared<State>();
  tritium_session_options_init(&state->options, sizeof state->options);
  state->model = held<tritium_model>(call.env, call.arguments[0]);
  const Object given(call.env, call.arguments[1]);
  given.get("context", state->options.context);
  given.get("batch", state->options.batch);
  given.get("workBytes", state->work_bytes);
  given.get("kvBytesPerToken", state->kv_bytes_per_token);
  given.get("activations", state->options.activations);
  given.get("kv", state->options.kv);
  state->cancel = cancel_of(call.env, given);
  given.refuse_others();
  state->options.cancel = state->cancel.get();
  const int64_t n = integer_of(call.env, call.arguments[2], "count");
  return promise(
      call.env,
      [state, n](tritium_error* error) {
        constexpr int64_t kMost = 1024;
        std::vector<tritium_session*> made(n > 0 && n <= kMost ? static_cast<size_t>(n) : 1);
        const tritium_status status =
            n == 0 ? tritium_session_create(state->model.get(), &state->options, made.data(), error)
                   : tritium_sessions_create(state->model.get(), &state->options, static_cast<uint64_t>(n), made.data(),
                                             error);
        if (status == TRITIUM_OK)
          for (tritium_session* session : made) state->sessions.push_back(owned(session));
        return status;
      },
      [state](napi_env env) {
        return array_of(env, state->sessions.size(), [&](size_t i) {
          const auto& session = state->sessions[i];
          return hold(env, session,
                      state->work_bytes + state->kv_bytes_per_token * tritium_session_context(session.get()));
        });
      });
}

napi_value session_position(const Call& call) {
  return to_js(call.env, tritium_session_position(session_of(call).get()));
}

napi_value session_context(const Call& call) {
  return to_js(call.env, tritium_session_context(session_of(call).get()));
}

napi_value session_rewind(const Call& call) {
  return promise(
      call.env,
      [session = session_of(call), position = integer_of(call.env, call.arguments[1], "position")](
          tritium_error* error) { return tritium_session_rewind(session.get(), position, error); },
      undefined);
}

napi_value session_fork(const Call& call) {
  const int64_t bytes = integer_of(call.env, call.arguments[1], "bytes");
  auto other = std::make_shared<std::shared_ptr<tritium_session>>();
  return promise(
      call.env,
      [other, session = session_of(call)](tritium_error* error) {
        tritium_session* made = nullptr;
        const tritium_status status = tritium_session_fork(session.get(), &made, error);
        *other = owned(made);
        return status;
      },
      [other, bytes](napi_env env) { return hold(env, *other, bytes); });
}

napi_value session_save(const Call& call) {
  auto bytes = std::make_shared<std::vector<char>>();
  return promise(
      call.env,
      [bytes, session = session_of(call)](tritium_error* error) {
        return filled(*bytes, [&](char* buffer, uint64_t capacity, uint64_t* needed) {
          return tritium_session_save(session.get(), buffer, capacity, needed, error);
        });
      },
      [bytes](napi_env env) {
        napi_value buffer = nullptr;
        check(env, napi_create_buffer_copy(env, bytes->size(), bytes->data(), nullptr, &buffer));
        return buffer;
      });
}

napi_value session_restore(const Call& call) {
  return promise(
      call.env,
      [session = session_of(call), bytes = bytes_of(call.env, call.arguments[1], "saved")](tritium_error* error) {
        return tritium_session_restore(session.get(), bytes.data(), bytes.size(), error);
      },
      undefined);
}

napi_value session_feed(const Call& call) {
  return promise(
      call.env,
      [session = session_of(call), tokens = tokens_of(call.env, call.arguments[1]),
       cancel = held<tritium_cancel>(call.env, call.arguments[2])](tritium_error* error) {
        return tritium_session_feed(session.get(), tokens.data(), tokens.size(), cancel.get(), error);
      },
      undefined);
}

napi_value session_logits(const Call& call) {
  auto logits = std::make_shared<std::vector<float>>();
  return promise(
      call.env,
      [logits, session = session_of(call)](tritium_error* error) {
        return filled(*logits, [&](float* buffer, uint64_t capacity, uint64_t* needed) {
          return tritium_session_logits(session.get(), buffer, capacity, needed, error);
        });
      },
      [logits](napi_env env) { return to_js(env, std::span<const float>(*logits)); });
}

napi_value session_top(const Call& call) {
  auto rows = std::make_shared<std::vector<tritium_log_probability>>();
  const int64_t n = integer_of(call.env, call.arguments[1], "count");
  constexpr int64_t kMost = 1 << 24;  // of any vocabulary; the library knows better
  if (n < 1 || n > kMost) throw_type_error(call.env, "count must be 1 to the size of the vocabulary");
  return promise(
      call.env,
      [rows, session = session_of(call), n](tritium_error* error) {
        rows->resize(static_cast<size_t>(n));
        return tritium_session_top(session.get(), rows->size(), rows->data(), error);
      },
      [rows](napi_env env) {
        return array_of(env, rows->size(), [&](size_t i) {
          return ObjectBuilder(env)
              .set("token", (*rows)[i].token)
              .set("logProbability", (*rows)[i].log_probability)
              .value();
        });
      });
}

}  // namespace tritium::node
