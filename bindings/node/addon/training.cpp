#include "addon/functions.h"

namespace tritium::node {

napi_value train_plan(const Call& call) {
  auto plan = std::make_shared<tritium_train_plan>(tritium_train_plan{.size = sizeof(tritium_train_plan)});
  return promise(
      call.env,
      [plan, config = bytes_of(call.env, call.arguments[0], "config")](tritium_error* error) {
        return tritium_train_make_plan(config.data(), config.size(), plan.get(), error);
      },
      [plan](napi_env env) {
        return ObjectBuilder(env)
            .set("parameters", plan->parameters)
            .set("activeParameters", plan->active_parameters)
            .set("ternaryParameters", plan->ternary_parameters)
            .set("memoryBytes", plan->memory_bytes)
            .set("availableBytes", plan->available_bytes)
            .set("fittingBytes", plan->fitting_bytes)
            .set("trainTokens", plan->train_tokens)
            .set("validTokens", plan->valid_tokens)
            .set("steps", plan->steps)
            .value();
      });
}

napi_value progress_to_js(napi_env env, const tritium_train_progress& progress) {
  return ObjectBuilder(env)
      .set("step", progress.step)
      .set("steps", progress.steps)
      .set("trainLoss", progress.train_loss)
      .set("validLoss", progress.valid_loss)
      .set("bitsPerByte", progress.bits_per_byte)
      .set("learningRate", progress.learning_rate)
      .set("gradientNorm", progress.gradient_norm)
      .set("tokensPerSecond", progress.tokens_per_second)
      .set("seconds", progress.seconds)
      .set("secondsLeft", progress.seconds_left)
      .value();
}

napi_value report_to_js(napi_env env, const tritium_train_report& report) {
  return ObjectBuilder(env)
      .set("stop", report.stop)
      .set("step", report.step)
      .set("exportedStep", report.exported_step)
      .set("trainLoss", report.train_loss)
      .set("validLoss", report.valid_loss)
      .set("bitsPerByte", report.bits_per_byte)
      .set("firstValidLoss", report.first_valid_loss)
      .set("seconds", report.seconds)
      .set("tokensPerSecond", report.tokens_per_second)
      .set("exportDifference", report.export_difference)
      .set("packedBytes", report.packed_bytes)
      .value();
}

namespace {

int32_t send_progress(void* data, const tritium_train_progress* now) {
  static_cast<Progress*>(data)->send([now = *now](napi_env env) { return progress_to_js(env, now); });
  return 0;
}

}  // namespace

napi_value train(const Call& call) {
  auto report = std::make_shared<tritium_train_report>(tritium_train_report{.size = sizeof(tritium_train_report)});
  return promise(
      call.env, call.arguments[2],
      [report, config = bytes_of(call.env, call.arguments[0], "config"),
       cancel = cancel_of(call.env, Object(call.env, call.arguments[1]))](Progress& progress, tritium_error* error) {
        tritium_train_options options;
        tritium_train_options_init(&options, sizeof options);
        options.progress = send_progress;
        options.progress_data = &progress;
        options.cancel = cancel.get();
        return tritium_train(config.data(), config.size(), &options, report.get(), error);
      },
      [report](napi_env env) { return report_to_js(env, *report); });
}

}  // namespace tritium::node
