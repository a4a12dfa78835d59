// LoRA adapters that sessions take on and off.
#include <cmath>

#include "api/state.h"
#include "base/cancel.h"
#include "base/cancellable_lock.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "format/gguf.h"

namespace tritium {

Adapter::Adapter(std::shared_ptr<const State> state) : state_(std::move(state)) {}

Result<Adapter> Model::load_adapter(const std::string& path, const std::function<bool()>& keep_going) const try {
  if (!state_) return error(StatusCode::invalid_argument, "this model was moved from: use the one it was moved to");
  const CancelScope scope(keep_going);
  const Result<std::unique_ptr<TensorMap>> file = open_gguf(path, {});
  if (!file.ok()) return file.status();
  auto adapter = std::make_shared<Adapter::State>();
  adapter->runtime = state_->runtime;
  adapter->model = state_;
  Backend& backend = *state_->runtime->backend;
  const std::unique_lock lock = lock_unless_cancelled(backend.mutex());
  if (!lock) return cancelled_status("loading " + path);
  if (Status s = state_->need_weights(); !s.ok()) return s;
  Result<LowRankAdapter> parts = tritium::load_adapter(**file, state_->config, *state_->weights, backend);
  if (!parts.ok()) return parts.status();
  adapter->parts = *std::move(parts);
  return Adapter(std::move(adapter));
} catch (...) {
  return caught();
}

void SharedForward::attach(Attached next) {
  const std::lock_guard lock(model->runtime->backend->mutex());
  forget_weights();
  std::swap(attached, next);
}

Status Session::attach(const Adapter& adapter, double strength) try {
  const SessionCall call(state_.get());
  if (!call.status().ok()) return call.status();
  if (!adapter.state_)
    return error(StatusCode::invalid_argument, "this adapter was moved from: use the one it was moved to");
  if (adapter.state_->model.lock() != state_->model)
    return error(StatusCode::invalid_argument, "the adapter is one of another model: load_adapter() it for this one");
  if (!std::isfinite(strength))
    return error(StatusCode::invalid_argument, "the adapter's strength is ", strength, ", must be a number");
  state_->shared->attach({.adapter = adapter.state_, .strength = static_cast<float>(strength)});
  state_->logits_are = State::Place::nowhere;
  return Status();
} catch (...) {
  return caught();
}

Status Session::detach() try {
  const SessionCall call(state_.get());
  if (!call.status().ok()) return call.status();
  state_->shared->attach({});
  state_->logits_are = State::Place::nowhere;
  return Status();
} catch (...) {
  return caught();
}

}  // namespace tritium
