// What index.js calls: function by function of tritium.h. Those that take time give promises.
#ifndef TRITIUM_BINDINGS_NODE_FUNCTIONS_H
#define TRITIUM_BINDINGS_NODE_FUNCTIONS_H

#include "addon/work.h"

namespace tritium::node {

// runtime.cpp
napi_value version(const Call& call);         // () -> string
napi_value close_handle(const Call& call);    // (handle)
napi_value cancel_create(const Call& call);   // () -> cancel
napi_value cancel_set(const Call& call);      // (cancel)
napi_value devices(const Call& call);         // () -> Promise<Device[]>
napi_value runtime_create(const Call& call);  // (options) -> Promise<{handle, backend, reason}>

// model.cpp
napi_value inspect(const Call& call);     // (path) -> Promise<Info>
napi_value model_load(const Call& call);  // (runtime, path, options, progress) -> Promise<{handle, …}>
napi_value model_info(const Call& call);  // (model) -> Promise<Info>
napi_value tokenize(const Call& call);    // (model, text) -> Promise<Int32Array>
napi_value detokenize(const Call& call);  // (model, tokens) -> Promise<string>
napi_value embed(const Call& call);       // (model, text, options) -> Promise<Float32Array>

// chat.cpp; calls and replies are JSON
napi_value format_chat(const Call& call);         // (model, messages, options) -> Promise<{text, tokens, calls}>
napi_value parse_reply(const Call& call);         // (model, text, options) -> Promise<string>
napi_value parse_reply_tokens(const Call& call);  // (model, tokens, options) -> Promise<string>
napi_value reply_stream(const Call& call);        // (model, options) -> Promise<replyStream>
// In microseconds, so that no promise is worth it: {content, reasoning, calls}
napi_value reply_append(const Call& call);  // (replyStream, text or token)
napi_value reply_finish(const Call& call);  // (replyStream)

napi_value model_load_descriptor(const Call& call);  // (runtime, number, options, progress) -> Promise<{handle, …}>

// parking.cpp
napi_value model_park(const Call& call);       // (model) -> Promise
napi_value model_unpark(const Call& call);     // (model, cancel) -> Promise
napi_value model_is_parked(const Call& call);  // (model) -> boolean

// adapter.cpp
napi_value adapter_load(const Call& call);    // (model, path, cancel) -> Promise<adapter>
napi_value session_attach(const Call& call);  // (session, adapter, {strength}) -> Promise
napi_value session_detach(const Call& call);  // (session) -> Promise

// session.cpp
napi_value sessions_create(const Call& call);   // (model, options, n or 0: one alone) -> Promise<session[]>
napi_value session_position(const Call& call);  // (session) -> number
napi_value session_context(const Call& call);   // (session) -> number
napi_value session_rewind(const Call& call);    // (session, position) -> Promise
napi_value session_fork(const Call& call);      // (session, bytes) -> Promise<session>
napi_value session_save(const Call& call);      // (session) -> Promise<Buffer>
napi_value session_restore(const Call& call);   // (session, bytes) -> Promise
napi_value session_feed(const Call& call);      // (session, tokens, cancel) -> Promise
napi_value session_logits(const Call& call);    // (session, n) -> Promise<Float32Array>
napi_value session_top(const Call& call);       // (session, n) -> Promise<LogProbability[]>

// generation.cpp
napi_value session_begin(const Call& call);       // (session, tokens, options) -> Promise
napi_value session_next(const Call& call);        // (session) -> Promise<Token | null>
napi_value sessions_next(const Call& call);       // (sessions) -> Promise<(Token | null | Error)[]>
napi_value session_generation(const Call& call);  // (session) -> Promise<GenerationResult>

// training.cpp
napi_value train_plan(const Call& call);  // (config) -> Promise<TrainPlan>
napi_value train(const Call& call);       // (config, {cancel}, progress) -> Promise<TrainReport>

// trainer.cpp
napi_value trainer_create(const Call& call);     // (config, cancel) -> Promise<trainer>
napi_value trainer_step(const Call& call);       // (trainer, count, cancel) -> Promise<TrainProgress>
napi_value trainer_evaluate(const Call& call);   // (trainer, cancel) -> Promise<TrainProgress>
napi_value trainer_save(const Call& call);       // (trainer, path or undefined) -> Promise
napi_value trainer_export(const Call& call);     // (trainer, path or undefined, cancel) -> Promise<TrainReport>
napi_value trainer_has_ended(const Call& call);  // (trainer) -> boolean

napi_value progress_to_js(napi_env env, const tritium_train_progress& progress);
napi_value report_to_js(napi_env env, const tritium_train_report& report);

// Of options that have a cancel: it is kept as long as the call.
std::shared_ptr<tritium_cancel> cancel_of(napi_env env, const Object& options);

}  // namespace tritium::node

#endif
