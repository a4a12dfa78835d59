#include <cmath>
#include <new>

#include "api/inspect.h"
#include "api/state.h"
#include "base/cancel.h"
#include "base/cancellable_lock.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "base/log.h"
#include "ops/compare_backend.h"
#include "tritium/debug.hpp"

namespace tritium {

std::string version() {
  return std::to_string(TRITIUM_VERSION_MAJOR) + '.' + std::to_string(TRITIUM_VERSION_MINOR) + '.' +
         std::to_string(TRITIUM_VERSION_PATCH);
}

std::vector<DeviceInfo> list_devices() try { return describe_backends(); } catch (const std::bad_alloc&) {
  return {};
}

Runtime::Runtime(std::shared_ptr<State> state) : state_(std::move(state)) {}

Result<Runtime> Runtime::create(const RuntimeOptions& options) { return create(options, DebugOptions{}); }

Result<Runtime> Runtime::create(const RuntimeOptions& options, const DebugOptions& debug) try {
  if (debug.profile && !debug.capture_file.empty())
    return error(StatusCode::invalid_argument, "a capture and a profile exclude each other: ask for one of them");
  if (debug.capture_token < 1)
    return error(StatusCode::invalid_argument, "capture_token is ", debug.capture_token, ", must be 1 or more");
  Result<std::unique_ptr<Backend>> backend = make_backend({.backend = options.backend,
                                                           .threads = options.threads,
                                                           .pin = options.pin,
                                                           .layout = options.layout,
                                                           .capture_file = debug.capture_file,
                                                           .profile = debug.profile,
                                                           .log = options.log});
  if (!backend.ok()) return backend.status();
  if (!debug.compare_with.empty()) {
    Result<std::unique_ptr<Backend>> expected = make_backend(
        {.backend = debug.compare_with, .threads = options.threads, .capture_file = {}, .log = options.log});
    if (!expected.ok()) return expected.status();
    backend = make_compare_backend(*std::move(backend), *std::move(expected),
                                   {.stop_at_first = true, .dump_dir = debug.compare_dump_dir, .observe = {}});
  }
  auto state = std::make_shared<State>();
  state->backend = *std::move(backend);
  state->name = state->backend->name();
  state->log = options.log;
  state->captures = !debug.capture_file.empty();
  if (state->captures) state->capture_in = debug.capture_token;
  log_to(options.log, LogLevel::info, "backend " + state->name);
  return Runtime(std::move(state));
} catch (...) {
  return caught();
}

const std::string& Runtime::backend() const {
  static const std::string none;
  return state_ ? state_->name : none;
}

std::vector<ProfileEntry> Runtime::profile() const try {
  if (!state_) return {};
  const std::lock_guard lock(state_->backend->mutex());
  return operation_times_of(tested_backend(*state_->backend));
} catch (const std::bad_alloc&) {
  return {};
}

DeviceWork Runtime::device_work() const {
  if (!state_) return {};
  const std::lock_guard lock(state_->backend->mutex());
  return device_work_of(tested_backend(*state_->backend));
}

std::vector<FusionChoice> Runtime::fusions() const try {
  if (!state_) return {};
  const std::lock_guard lock(state_->backend->mutex());
  return fusion_choices_of(tested_backend(*state_->backend));
} catch (const std::bad_alloc&) {
  return {};
}

namespace {

Status check_load(const void* runtime, const LoadOptions& options) {
  if (!runtime) return error(StatusCode::invalid_argument, "this runtime was moved from: use the one it was moved to");
  if (!std::isfinite(options.adapter_strength))
    return error(StatusCode::invalid_argument, "adapter_strength is ", options.adapter_strength, ", must be finite");
  return Status();
}

}  // namespace

Result<Model> Runtime::load(const std::string& path, const LoadOptions& options) const try {
  if (Status s = check_load(state_.get(), options); !s.ok()) return s;
  const CancelScope scope(options.keep_going);
  Result<WeightSource> source = WeightSource::at_path(path, options);
  return source.ok() ? load_from(*std::move(source), options) : source.status();
} catch (...) {
  return caught();
}

Result<Model> Runtime::load_descriptor(int descriptor, const LoadOptions& options) const try {
  if (Status s = check_load(state_.get(), options); !s.ok()) return s;
  const CancelScope scope(options.keep_going);
  Result<WeightSource> source = WeightSource::of_descriptor(descriptor, options);
  return source.ok() ? load_from(*std::move(source), options) : source.status();
} catch (...) {
  return caught();
}

Result<Model> Runtime::load_from(WeightSource source, const LoadOptions& options) const {
  auto model = std::make_shared<Model::State>();
  model->runtime = state_;
  const CheckedModel& opened = source.model();
  const std::string& path = opened.tensors().source();
  model->config = opened.config();
  Result<std::shared_ptr<const Tokenizer>> tokenizer =
      Tokenizer::for_model(opened.metadata(), model->config.vocab_size, {.pre = options.tokenizer_pre});
  model->info = describe_model(opened, tokenizer, source.warnings());
  for (const std::string& warning : model->info.warnings)
    log_to(state_->log, LogLevel::warning, join(path, ": ", warning));
  if (tokenizer.ok()) {
    model->tokenizer = *std::move(tokenizer);
  } else {
    log_to(state_->log, LogLevel::warning, path + ": no tokenizer, token ids only: " + tokenizer.message());
  }
  model->chat = ChatFormat::from_metadata(opened.metadata(), model->tokenizer.get());
  constexpr int64_t kMeanPooling = 1;  // of the key's values
  if (opened.metadata().integer(model->config.architecture + ".pooling_type") == kMeanPooling)
    model->pooling = Pooling::mean;
  {
    const std::unique_lock lock = lock_unless_cancelled(state_->backend->mutex());
    if (!lock) return cancelled_status("loading " + path);
    Result<Weights> weights = source.load_first(options, *state_->backend, state_->log);
    if (!weights.ok()) return weights.status();
    model->weights = std::make_shared<const Weights>(*std::move(weights));
  }
  model->source = std::move(source);
  Model loaded(model);
  if (options.adapter.empty()) return loaded;
  const Result<Adapter> adapter = loaded.load_adapter(options.adapter);
  if (!adapter.ok()) return adapter.status();
  model->adapter = {.adapter = adapter->state_, .strength = static_cast<float>(options.adapter_strength)};
  return loaded;
}

}  // namespace tritium
