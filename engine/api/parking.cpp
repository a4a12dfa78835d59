// Weights that leave the device, and come back when they are needed.
#include <algorithm>

#include "api/state.h"
#include "base/cancel.h"
#include "base/cancellable_lock.h"
#include "base/caught.h"
#include "base/format_text.h"

namespace tritium {
namespace {

Status moved_from() {
  return Status(StatusCode::invalid_argument, "this model was moved from: use the one it was moved to");
}

}  // namespace

Status Model::State::need_weights() const {
  if (weights) return Status();
  Result<Weights> loaded = source.load_again(*runtime->backend, runtime->log);
  if (!loaded.ok()) return loaded.status().within("the parked weights do not come back");
  weights = std::make_shared<const Weights>(*std::move(loaded));
  parked = false;
  return Status();
}

SharedForward::SharedForward(std::shared_ptr<const Model::State> of, const std::unique_lock<std::mutex>&)
    : model(std::move(of)), attached(model->adapter) {
  model->forwards.push_back(this);
}

SharedForward::~SharedForward() {
  const std::lock_guard lock(model->runtime->backend->mutex());
  std::erase(model->forwards, this);
  forward = {};
  weights.reset();
}

Status SharedForward::need_weights() {
  if (weights) return Status();
  if (Status s = model->need_weights(); !s.ok()) return s;
  if (attached.adapter)
    weights = std::make_shared<const Weights>(
        with_adapter(*model->weights, model->config, attached.adapter->parts, attached.strength));
  else
    weights = model->weights;
  return Status();
}

void SharedForward::forget_weights() {
  forward.passes.clear();
  weights.reset();
}

Status Model::park() const try {
  if (!state_) return moved_from();
  if (Status s = state_->source.check(); !s.ok()) return s.within("the weights stay: they would not come back");
  Backend& backend = *state_->runtime->backend;
  const std::lock_guard lock(backend.mutex());
  for (SharedForward* forward : state_->forwards) forward->forget_weights();
  state_->weights.reset();
  state_->parked = true;
  return backend.finish();
} catch (...) {
  return caught();
}

Status Model::unpark(const std::function<bool()>& keep_going) const try {
  if (!state_) return moved_from();
  const CancelScope scope(keep_going);
  const std::unique_lock lock = lock_unless_cancelled(state_->runtime->backend->mutex());
  if (!lock) return cancelled_status("loading " + state_->info.path + " again");
  return state_->need_weights();
} catch (...) {
  return caught();
}

bool Model::is_parked() const { return state_ && state_->parked; }

}  // namespace tritium
