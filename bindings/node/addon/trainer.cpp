#include "addon/functions.h"

namespace tritium::node {
namespace {

// What a call of a trainer takes and gives, as long as it is under way.
struct State {
  std::shared_ptr<tritium_trainer> trainer;
  std::shared_ptr<tritium_cancel> cancel;
  std::optional<std::string> path;
  tritium_train_progress progress = {.size = sizeof(tritium_train_progress)};
  tritium_train_report report = {.size = sizeof(tritium_train_report)};
};

std::shared_ptr<State> state_of(const Call& call) {
  auto state = std::make_shared<State>();
  state->trainer = held<tritium_trainer>(call.env, call.arguments[0]);
  return state;
}

std::optional<std::string> path_of(const Call& call) {
  napi_valuetype type = napi_undefined;
  check(call.env, napi_typeof(call.env, call.arguments[1], &type));
  if (type == napi_undefined || type == napi_null) return std::nullopt;
  return string_of(call.env, call.arguments[1], "path");
}

}  // namespace

napi_value trainer_create(const Call& call) {
  auto state = std::make_shared<State>();
  state->cancel = held<tritium_cancel>(call.env, call.arguments[1]);
  return promise(
      call.env,
      [state, config = bytes_of(call.env, call.arguments[0], "config")](tritium_error* error) {
        tritium_train_options options;
        tritium_train_options_init(&options, sizeof options);
        options.cancel = state->cancel.get();
        tritium_trainer* made = nullptr;
        const tritium_status status = tritium_trainer_create(config.data(), config.size(), &options, &made, error);
        state->trainer = owned(made);
        return status;
      },
      [state](napi_env env) { return hold(env, state->trainer); });
}

napi_value trainer_step(const Call& call) {
  auto state = state_of(call);
  state->cancel = held<tritium_cancel>(call.env, call.arguments[2]);
  return promise(
      call.env,
      [state, count = integer_of(call.env, call.arguments[1], "count")](tritium_error* error) {
        return tritium_trainer_step(state->trainer.get(), count, state->cancel.get(), &state->progress, error);
      },
      [state](napi_env env) { return progress_to_js(env, state->progress); });
}

napi_value trainer_evaluate(const Call& call) {
  auto state = state_of(call);
  state->cancel = held<tritium_cancel>(call.env, call.arguments[1]);
  return promise(
      call.env,
      [state](tritium_error* error) {
        return tritium_trainer_evaluate(state->trainer.get(), state->cancel.get(), &state->progress, error);
      },
      [state](napi_env env) { return progress_to_js(env, state->progress); });
}

napi_value trainer_save(const Call& call) {
  auto state = state_of(call);
  state->path = path_of(call);
  return promise(
      call.env,
      [state](tritium_error* error) {
        return tritium_trainer_save(state->trainer.get(), pointer_to(state->path), error);
      },
      undefined);
}

napi_value trainer_export(const Call& call) {
  auto state = state_of(call);
  state->path = path_of(call);
  state->cancel = held<tritium_cancel>(call.env, call.arguments[2]);
  return promise(
      call.env,
      [state](tritium_error* error) {
        return tritium_trainer_export(state->trainer.get(), pointer_to(state->path), state->cancel.get(),
                                      &state->report, error);
      },
      [state](napi_env env) { return report_to_js(env, state->report); });
}

napi_value trainer_has_ended(const Call& call) {
  return to_js(call.env, tritium_trainer_has_ended(held<tritium_trainer>(call.env, call.arguments[0]).get()) != 0);
}

}  // namespace tritium::node
