#include <filesystem>
#include <system_error>

#include "addon/functions.h"

namespace tritium::node {
namespace {

// What an adapter takes: its matrices are kept as the file has them.
int64_t size_of(const std::string& path) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(path, failed);
  return failed ? 0 : static_cast<int64_t>(size);
}

}  // namespace

napi_value adapter_load(const Call& call) {
  struct State {
    std::shared_ptr<tritium_model> model;
    std::string path;
    std::shared_ptr<tritium_cancel> cancel;
    std::shared_ptr<tritium_adapter> adapter;
    int64_t bytes = 0;
  };
  auto state = std::make_shared<State>();
  state->model = held<tritium_model>(call.env, call.arguments[0]);
  state->path = string_of(call.env, call.arguments[1], "path");
  state->cancel = held<tritium_cancel>(call.env, call.arguments[2]);
  return promise(
      call.env,
      [state](tritium_error* error) {
        tritium_adapter* made = nullptr;
        const tritium_status status =
            tritium_adapter_load(state->model.get(), state->path.c_str(), state->cancel.get(), &made, error);
        state->adapter = owned(made);
        state->bytes = size_of(state->path);
        return status;
      },
      [state](napi_env env) { return hold(env, state->adapter, state->bytes); });
}

napi_value session_attach(const Call& call) {
  double strength = 1;
  Object(call.env, call.arguments[2]).get("strength", strength);
  return promise(
      call.env,
      [session = held<tritium_session>(call.env, call.arguments[0]),
       adapter = held<tritium_adapter>(call.env, call.arguments[1]), strength](tritium_error* error) {
        return tritium_session_attach(session.get(), adapter.get(), strength, error);
      },
      undefined);
}

napi_value session_detach(const Call& call) {
  return promise(
      call.env,
      [session = held<tritium_session>(call.env, call.arguments[0])](tritium_error* error) {
        return tritium_session_attach(session.get(), nullptr, 1, error);
      },
      undefined);
}

}  // namespace tritium::node
