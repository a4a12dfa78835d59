// Workspace: the memory that the temporaries of several Programs share, for they run one after another.
//
//   workspace.reserve(plan_memory(largest));
//   Result<std::unique_ptr<Recording>> ready = workspace.prepare(std::move(program));  (*ready)->run();
#pragma once

#include <memory>
#include <vector>

#include "ops/ops.h"
#include "ops/program.h"

namespace tritium {

// A Program that has its memory and can run.
class Recording {
 public:
  // What temporaries hold afterwards is gone with the next run of any Recording of the workspace.
  Status run() { return replay_->run(); }
  const Program& program() const { return program_; }

 private:
  friend class Workspace;
  Program program_;
  std::unique_ptr<Replay> replay_;
};

class Workspace {
 public:
  explicit Workspace(Backend& backend) : backend_(&backend) {}

  // Memory for a program of this plan will be there; nothing is allocated yet.
  void reserve(MemoryPlan plan);
  // Allocates what is reserved and not there yet.
  Status allocate();
  // Allocates likewise; for a program that was not reserved, also what it needs beyond.
  Result<std::unique_ptr<Recording>> prepare(Program program);
  // Of what was reserved or allocated.
  uint64_t bytes() const;

  // Records a Program and prepares it; `record` gets Ops that record.
  template <typename Record>
  Result<std::unique_ptr<Recording>> record(const Record& record) {
    Program program;
    Ops ops(program);
    record(ops);
    if (Status s = ops.finish(); !s.ok()) return s;
    return prepare(std::move(program));
  }
  // Records, runs and forgets.
  template <typename Record>
  Status run_once(const Record& what) {
    Result<std::unique_ptr<Recording>> ready = record(what);
    return ready.ok() ? (*ready)->run() : ready.status();
  }

 private:
  Backend* backend_;
  std::vector<MemoryPlan> plans_;  // reserved
  std::vector<int64_t> sizes_;     // of the slots, the largest first
  std::vector<Tensor> slots_;      // as far as they are allocated
};

}  // namespace tritium
