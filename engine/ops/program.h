// Program: operations recorded once and run many times. Its temporaries have no memory while it is recorded; which of
// them share memory is planned, to the byte, before anything is allocated. What changes from run to run is in tensors.
//
//   Program program;
//   Ops ops(program);  x = ops.temporary({n, dim});  ops(RmsNorm{...});  ...
//   const MemoryPlan plan = plan_memory(program);
//   place_temporaries(program, plan, slots);  replay = backend.prepare(program);  replay->run();
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ops/backend.h"

namespace tritium {

// What a recorded temporary stands on until its Program is bound.
class Temporary final : public Buffer {
 public:
  Temporary(size_t index, int64_t bytes) : index(index), bytes(bytes) {}
  const size_t index;
  const int64_t bytes;
};

class Program {
 public:
  struct Step {
    AllOps::Variant op;
    uint32_t place = 0;  // in places(): the labels around it
  };

  // Recording.
  Tensor temporary(const Shape& shape, DType dtype);
  template <typename Op>
  void add(const Op& op) {
    touch(op, steps_.size());
    steps_.push_back({op, place_});
  }
  void push_label(std::string_view name);
  void pop_label();
  // The tensor is read after the run: nothing that comes later may take its memory.
  void keep(const Tensor& tensor);

  const std::vector<Step>& steps() const { return steps_; }
  std::vector<Step>& steps() { return steps_; }
  // Others that do the same (fuse.h); temporaries must not be placed yet.
  void replace_steps(std::vector<Step> steps);
  // Label paths from the outside in: {"model", "layer2", "attention"}.
  const std::vector<std::vector<std::string>>& places() const { return places_; }

  // Of each temporary: its size and the steps between which it is used.
  struct Lifetime {
    int64_t bytes = 0;
    size_t first = 0, last = 0;
    bool used = false;
  };
  const std::vector<Lifetime>& lifetimes() const { return lifetimes_; }

 private:
  template <typename Op>
  void touch(const Op& op, size_t step) {
    each_tensor(op, [&](Role, const Tensor& tensor) { touch(tensor, step); });
  }
  void touch(const Tensor& tensor, size_t step);

  std::vector<Step> steps_;
  std::vector<Lifetime> lifetimes_;
  std::vector<std::vector<std::string>> places_ = {{}};
  std::vector<std::string> labels_;
  uint32_t place_ = 0;
};

// Temporaries that are never alive together share a slot.
struct MemoryPlan {
  std::vector<int64_t> slots;     // bytes of each
  std::vector<uint32_t> slot_of;  // of each temporary

  int64_t bytes() const;
};

// Largest first, each temporary into the first slot that is free while it lives (Pisarchyk & Lee 2020, "Greedy by Size
// for Shared Objects").
MemoryPlan plan_memory(const Program& program);

// Whether a plan that was made for another program (one of more rows) also holds for this one.
bool plan_holds(const MemoryPlan& plan, const Program& program);

// Puts the temporaries of every operation into their slots: tensors of at least the planned sizes.
void place_temporaries(Program& program, const MemoryPlan& plan, const std::vector<Tensor>& slots);

// A Program made ready to run on a backend. Whoever runs it holds the backend's mutex.
class Replay {
 public:
  virtual ~Replay() = default;
  virtual Status run() = 0;
};

// Runs every operation in order, within its labels.
Status walk(Backend& backend, const Program& program);

}  // namespace tritium
