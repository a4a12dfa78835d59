// The addon's functions. It keeps nothing outside of handles but what is to be released, so each thread of Node.js may
// load it.
#include "addon/functions.h"

namespace tritium::node {
namespace {

napi_value exports_of(napi_env env, napi_value exports) {
  const auto function = [](const char* name, napi_callback callback) {
    return napi_property_descriptor{name, nullptr, callback, nullptr, nullptr, nullptr, napi_enumerable, nullptr};
  };
  const napi_property_descriptor functions[] = {
      function("version", entry<version>),
      function("close", entry<close_handle>),
      function("cancelCreate", entry<cancel_create>),
      function("cancelSet", entry<cancel_set>),
      function("devices", entry<devices>),
      function("runtimeCreate", entry<runtime_create>),
      function("inspect", entry<inspect>),
      function("modelLoad", entry<model_load>),
      function("modelLoadDescriptor", entry<model_load_descriptor>),
      function("modelPark", entry<model_park>),
      function("modelUnpark", entry<model_unpark>),
      function("modelIsParked", entry<model_is_parked>),
      function("modelInfo", entry<model_info>),
      function("tokenize", entry<tokenize>),
      function("detokenize", entry<detokenize>),
      function("formatChat", entry<format_chat>),
      function("parseReply", entry<parse_reply>),
      function("parseReplyTokens", entry<parse_reply_tokens>),
      function("replyStream", entry<reply_stream>),
      function("replyAppend", entry<reply_append>),
      function("replyFinish", entry<reply_finish>),
      function("embed", entry<embed>),
      function("adapterLoad", entry<adapter_load>),
      function("sessionAttach", entry<session_attach>),
      function("sessionDetach", entry<session_detach>),
      function("sessionsCreate", entry<sessions_create>),
      function("sessionPosition", entry<session_position>),
      function("sessionContext", entry<session_context>),
      function("sessionRewind", entry<session_rewind>),
      function("sessionFork", entry<session_fork>),
      function("sessionSave", entry<session_save>),
      function("sessionRestore", entry<session_restore>),
      function("sessionFeed", entry<session_feed>),
      function("sessionLogits", entry<session_logits>),
      function("sessionTop", entry<session_top>),
      function("sessionBegin", entry<session_begin>),
      function("sessionNext", entry<session_next>),
      function("sessionsNext", entry<sessions_next>),
      function("sessionGeneration", entry<session_generation>),
      function("trainPlan", entry<train_plan>),
      function("train", entry<train>),
      function("trainerCreate", entry<trainer_create>),
      function("trainerStep", entry<trainer_step>),
      function("trainerEvaluate", entry<trainer_evaluate>),
      function("trainerSave", entry<trainer_save>),
      function("trainerExport", entry<trainer_export>),
      function("trainerHasEnded", entry<trainer_has_ended>),
  };
  try {
    begin_environment(env);
    check(env, napi_define_properties(env, exports, std::size(functions), functions));
  } catch (const Thrown&) {
  }
  return exports;
}

}  // namespace
}  // namespace tritium::node

NAPI_MODULE_INIT() { return tritium::node::exports_of(env, exports); }
