#include "addon/functions.h"

namespace tritium::node {

napi_value model_park(const Call& call) {
  return promise(
      call.env,
      [model = held<tritium_model>(call.env, call.arguments[0])](tritium_error* error) {
        return tritium_model_park(model.get(), error);
      },
      undefined);
}

napi_value model_unpark(const Call& call) {
  return promise(
      call.env,
      [model = held<tritium_model>(call.env, call.arguments[0]),
       cancel = held<tritium_cancel>(call.env, call.arguments[1])](tritium_error* error) {
        return tritium_model_unpark(model.get(), cancel.get(), error);
      },
      undefined);
}

// Waits for nobody, as all that is no promise.
napi_value model_is_parked(const Call& call) {
  return to_js(call.env, tritium_model_is_parked(held<tritium_model>(call.env, call.arguments[0]).get()) != 0);
}

}  // namespace tritium::node
