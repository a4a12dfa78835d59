#include "addon/functions.h"

namespace tritium::node {

napi_value version(const Call& call) { return to_js(call.env, tritium_version_string()); }

napi_value close_handle(const Call& call) {
  close(call.env, call.arguments[0]);
  return undefined(call.env);
}

napi_value cancel_create(const Call& call) {
  tritium_cancel* cancel = nullptr;
  if (tritium_cancel_create(&cancel, nullptr) != TRITIUM_OK) throw std::bad_alloc();
  return hold(call.env, owned(cancel));
}

napi_value cancel_set(const Call& call) {
  tritium_cancel_set(held<tritium_cancel>(call.env, call.arguments[0]).get());
  return undefined(call.env);
}

std::shared_ptr<tritium_cancel> cancel_of(napi_env env, const Object& options) {
  const auto value = options.find("cancel");
  return value ? held<tritium_cancel>(env, *value) : nullptr;
}

namespace {
napi_value device(napi_env env, const tritium_device& device) {
  const auto feature = [&](size_t i) { return to_js(env, device.features[i]); };
  return ObjectBuilder(env)
      .set("backend", device.backend)
      .set("description", device.description)
      .set("driver", device.driver)
      .set("reason", device.reason)
      .set_value("features", array_of(env, device.n_features, feature))
      .set("memoryBytes", device.memory_bytes)
      .set("available", device.available != 0)
      .set("software", device.software != 0)
      .set("chosenByAuto", device.chosen_by_auto != 0)
      .value();
}
}  // namespace

napi_value devices(const Call& call) {
  auto list = std::make_shared<std::shared_ptr<tritium_devices>>();
  return promise(
      call.env,
      [list](tritium_error* error) {
        tritium_devices* found = nullptr;
        const tritium_status status = tritium_devices_list(&found, error);
        *list = std::shared_ptr<tritium_devices>(found, tritium_devices_release);
        return status;
      },
      [list](napi_env env) {
        return array_of(env, tritium_devices_count(list->get()), [&](size_t i) {
          tritium_device found = {.size = sizeof found};
          tritium_devices_get(list->get(), i, &found, nullptr);
          return device(env, found);
        });
      });
}

napi_value runtime_create(const Call& call) {
  struct State {
    std::optional<std::string> backend;
    tritium_runtime_options options;
    std::shared_ptr<tritium_runtime> runtime;
  };
  auto state = std::make_shared<State>();
  tritium_runtime_options_init(&state->options, sizeof state->options);
  const Object given(call.env, call.arguments[0]);
  given.get("backend", state->backend);
  given.get("threads", state->options.threads);
  given.get("pin", state->options.pin);
  given.get("layout", state->options.layout);
  given.get("strict", state->options.strict);
  given.refuse_others();
  state->options.backend = pointer_to(state->backend);
  return promise(
      call.env,
      [state](tritium_error* error) {
        tritium_runtime* made = nullptr;
        const tritium_status status = tritium_runtime_create(&state->options, &made, error);
        state->runtime = owned(made);
        return status;
      },
      [state](napi_env env) {
        return ObjectBuilder(env)
            .set("backend", tritium_runtime_backend(state->runtime.get()))
            .set("reason", tritium_runtime_reason(state->runtime.get()))
            .set_value("handle", hold(env, state->runtime))
            .value();
      });
}

}  // namespace tritium::node
