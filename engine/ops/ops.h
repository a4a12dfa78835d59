// Ops: what models are written on. Checks an operation once for all backends, hands it to the backend, and keeps the
// first error: after one, further operations do nothing and finish() returns it. So a layer reads like the paper,
// without an error branch a line:  ops(RmsNorm{.x = x, .weight = w, .y = y});
//
// Thread rule: one Ops, one thread; it does not take Backend::mutex(), its user does.
#pragma once

#include <span>
#include <string_view>
#include <utility>

#include "ops/backend.h"
#include "ops/program.h"

namespace tritium {

class Ops {
 public:
  // Operations run when they are called.
  explicit Ops(Backend& backend) : backend_(&backend) {}
  // Operations are recorded.
  explicit Ops(Program& program) : program_(&program) {}

  template <typename Op>
  void operator()(const Op& op) {
    if (status_.ok()) status_ = op.check();
    if (!status_.ok()) return;
    if (program_) {
      program_->add(op);
    } else {
      status_ = backend_->run(op);
    }
  }

  // Memory of an operation's result. Recorded: planned later, with whatever values it holds; else allocated now, and
  // freed with its last handle. After an error a tensor of that shape without memory.
  Tensor temporary(const Shape& shape, DType dtype = DType::f32) {
    if (program_) return program_->temporary(shape, dtype);
    Result<Tensor> made = ok() ? backend_->allocate(shape, dtype, "temporary") : Result<Tensor>(status_);
    if (made.ok()) return *std::move(made);
    fail(made.status());
    return {nullptr, shape, dtype};
  }

  void upload(const Tensor& tensor, std::span<const std::byte> data) {
    if (status_.ok()) status_ = backend_->upload(tensor, data);
  }
  // Submits, waits, reads; does nothing after an error.
  void download(const Tensor& tensor, std::span<std::byte> data) {
    if (status_.ok()) status_ = backend_->download(tensor, data);
  }

  // Reports an error of the caller's own (an allocation between operations), unless there is one already.
  void fail(Status status) {
    if (status_.ok()) status_ = std::move(status);
  }
  bool ok() const { return status_.ok(); }

  // The first error since the last finish(), which is forgotten.
  Status finish() { return std::exchange(status_, Status()); }

  Backend& backend() { return *backend_; }

  // A level of the debug label tree, closed at the end of the scope.
  class Label {
   public:
    Label(Ops& ops, std::string_view name) : ops_(ops) {
      ops_.program_ ? ops_.program_->push_label(name) : ops_.backend_->push_label(name);
    }
    ~Label() { ops_.program_ ? ops_.program_->pop_label() : ops_.backend_->pop_label(); }
    Label(const Label&) = delete;
    Label& operator=(const Label&) = delete;

   private:
    Ops& ops_;
  };

 private:
  Backend* backend_ = nullptr;
  Program* program_ = nullptr;
  Status status_;
};

}  // namespace tritium
