#include "ops/workspace.h"

#include <algorithm>
#include <numeric>

namespace tritium {

void Workspace::reserve(MemoryPlan plan) {
  // Slots are made in the order of their temporaries' sizes: the largest first, in every plan.
  sizes_.resize(std::max(sizes_.size(), plan.slots.size()));
  for (size_t i = 0; i < plan.slots.size(); ++i) sizes_[i] = std::max(sizes_[i], plan.slots[i]);
  plans_.push_back(std::move(plan));
}

Status Workspace::allocate() {
  slots_.resize(sizes_.size());
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i] && slots_[i].bytes() >= sizes_[i]) continue;
    // Recordings that stand on the smaller one keep it.
    Result<Tensor> slot = backend_->allocate({sizes_[i] / 4}, DType::f32, "temporaries");
    if (!slot.ok()) return slot.status();
    slots_[i] = *std::move(slot);
  }
  return Status();
}

Result<std::unique_ptr<Recording>> Workspace::prepare(Program program) {
  auto recording = std::make_unique<Recording>();
  recording->program_ = std::move(program);
  Program& ready = recording->program_;
  backend_->rewrite(ready);
  auto plan = std::ranges::find_if(plans_, [&](const MemoryPlan& p) { return plan_holds(p, ready); });
  if (plan == plans_.end()) {
    reserve(plan_memory(ready));
    plan = plans_.end() - 1;
  }
  if (Status s = allocate(); !s.ok()) return s;
  place_temporaries(ready, *plan, slots_);
  Result<std::unique_ptr<Replay>> replay = backend_->prepare(ready);
  if (!replay.ok()) return replay.status();
  recording->replay_ = *std::move(replay);
  return recording;
}

uint64_t Workspace::bytes() const {
  return static_cast<uint64_t>(std::accumulate(sizes_.begin(), sizes_.end(), int64_t{0}));
}

}  // namespace tritium
