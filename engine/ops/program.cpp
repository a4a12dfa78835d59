#include "ops/program.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/cancel.h"

namespace tritium {
namespace {

// Operations read whole words, four at a time on some devices.
constexpr int64_t kSlotAlign = 256;
constexpr size_t kEnd = std::numeric_limits<size_t>::max();

const Temporary* temporary_of(const Tensor& tensor) { return dynamic_cast<const Temporary*>(tensor.buffer.get()); }

bool overlap(const Program::Lifetime& a, const Program::Lifetime& b) { return a.first <= b.last && b.first <= a.last; }

}  // namespace

Tensor Program::temporary(const Shape& shape, DType dtype) {
  Tensor tensor{nullptr, shape, dtype};
  const int64_t bytes = round_up(tensor.bytes(), kSlotAlign);
  tensor.buffer = std::make_shared<Temporary>(lifetimes_.size(), bytes);
  lifetimes_.push_back({.bytes = bytes});
  return tensor;
}

void Program::push_label(std::string_view name) {
  labels_.emplace_back(name);
  const auto found = std::ranges::find(places_, labels_);
  place_ = static_cast<uint32_t>(found - places_.begin());
  if (found == places_.end()) places_.push_back(labels_);
}

void Program::pop_label() {
  labels_.pop_back();
  place_ = static_cast<uint32_t>(std::ranges::find(places_, labels_) - places_.begin());
}

void Program::touch(const Tensor& tensor, size_t step) {
  const Temporary* temporary = temporary_of(tensor);
  if (!temporary) return;
  Lifetime& life = lifetimes_[temporary->index];
  if (!life.used) life.first = step;
  life.used = true;
  life.last = std::max(life.last, step);
}

void Program::keep(const Tensor& tensor) { touch(tensor, kEnd); }

void Program::replace_steps(std::vector<Step> steps) {
  steps_ = std::move(steps);
  std::vector<Lifetime*> kept;
  for (Lifetime& life : lifetimes_) {
    if (life.used && life.last == kEnd) kept.push_back(&life);
    life = {.bytes = life.bytes};
  }
  for (size_t i = 0; i < steps_.size(); ++i) std::visit([&](const auto& op) { touch(op, i); }, steps_[i].op);
  for (Lifetime* life : kept) {
    if (!life->used) life->first = kEnd;
    life->used = true;
    life->last = kEnd;
  }
}

int64_t MemoryPlan::bytes() const { return std::accumulate(slots.begin(), slots.end(), int64_t{0}); }

MemoryPlan plan_memory(const Program& program) {
  const std::vector<Program::Lifetime>& lives = program.lifetimes();
  std::vector<uint32_t> order(lives.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::stable_sort(order, [&](uint32_t a, uint32_t b) { return lives[a].bytes > lives[b].bytes; });
  MemoryPlan plan{.slots = {}, .slot_of = std::vector<uint32_t>(lives.size())};
  std::vector<std::vector<uint32_t>> members;
  for (const uint32_t i : order) {
    if (!lives[i].used) continue;
    const auto is_free = [&](const std::vector<uint32_t>& slot) {
      return std::ranges::none_of(slot, [&](uint32_t other) { return overlap(lives[i], lives[other]); });
    };
    const auto slot = std::ranges::find_if(members, is_free) - members.begin();
    if (slot == std::ssize(members)) {
      members.emplace_back();
      plan.slots.push_back(lives[i].bytes);
    }
    members[static_cast<size_t>(slot)].push_back(i);
    plan.slot_of[i] = static_cast<uint32_t>(slot);
  }
  return plan;
}

bool plan_holds(const MemoryPlan& plan, const Program& program) {
  const std::vector<Program::Lifetime>& lives = program.lifetimes();
  if (lives.size() > plan.slot_of.size()) return false;
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < lives.size(); ++i)
    if (lives[i].used) order.push_back(i);
  std::ranges::sort(order, {}, [&](uint32_t i) { return lives[i].first; });
  std::vector<const Program::Lifetime*> latest(plan.slots.size());  // in each slot
  for (const uint32_t i : order) {
    const uint32_t slot = plan.slot_of[i];
    if (slot >= plan.slots.size() || lives[i].bytes > plan.slots[slot]) return false;
    if (latest[slot] && overlap(*latest[slot], lives[i])) return false;
    latest[slot] = &lives[i];
  }
  return true;
}

void place_temporaries(Program& program, const MemoryPlan& plan, const std::vector<Tensor>& slots) {
  const auto place = [&](Tensor& tensor) {
    if (const Temporary* temporary = temporary_of(tensor)) tensor.buffer = slots[plan.slot_of[temporary->index]].buffer;
  };
  for (Program::Step& step : program.steps())
    std::visit([&](auto& op) { each_tensor(op, [&](Role, Tensor& tensor) { place(tensor); }); }, step.op);
}

Status walk(Backend& backend, const Program& program) {
  std::span<const std::string> open;
  const auto go_to = [&](std::span<const std::string> place) {
    size_t same = 0;
    while (same < open.size() && same < place.size() && open[same] == place[same]) ++same;
    for (size_t i = open.size(); i > same; --i) backend.pop_label();
    for (size_t i = same; i < place.size(); ++i) backend.push_label(place[i]);
    open = place;
  };
  Status status;
  uint32_t place = 0;
  for (const Program::Step& step : program.steps()) {
    if (cancelled()) {
      status = cancelled_status();
      break;
    }
    if (step.place != place) go_to(program.places()[place = step.place]);
    status = std::visit([&](const auto& op) { return backend.run(op); }, step.op);
    if (!status.ok()) break;
  }
  go_to({});
  return status;
}

namespace {

class Walk final : public Replay {
 public:
  Walk(Backend& backend, const Program& program) : backend_(backend), program_(program) {}
  Status run() override { return walk(backend_, program_); }

 private:
  Backend& backend_;
  const Program& program_;
};

}  // namespace

Result<Weight> Backend::restore_weight(Weight weight, std::span<const std::byte> data,
                                       std::span<const std::byte> scales,
                                       const std::shared_ptr<const void>& /*owner*/) {
  const auto put = [&](Tensor& plane, std::span<const std::byte> bytes, const std::string& name) {
    Result<Tensor> made = allocate(plane.shape, plane.dtype, name);
    if (!made.ok()) return made.status();
    plane = *std::move(made);
    return upload(plane, bytes);
  };
  if (Status s = put(weight.data, data, weight.name); !s.ok()) return s;
  if (weight.has_scales())
    if (Status s = put(weight.scales, scales, weight.name + ".scales"); !s.ok()) return s;
  return weight;
}

Result<std::unique_ptr<Replay>> Backend::prepare(const Program& program) {
  return std::unique_ptr<Replay>(std::make_unique<Walk>(*this, program));
}

}  // namespace tritium
