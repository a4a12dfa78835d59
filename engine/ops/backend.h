// Backend: the one interface between models and the code that computes. Three implementations: reference (cpu_ref),
// cpu (engine/cpu), vulkan (engine/vulkan); engine/backends.cpp makes them.
//
// Operations record; submit() executes; download() submits, waits and reads. CPU backends execute at once. Operations
// take effect in the order of the calls, and so do uploads and downloads among them. Operations are already checked
// (ops/ops.h does it): a backend only reports what can fail at run time (memory, device).
//
// Thread rule: one thread at a time; hold mutex() from the first operation to the download. Allocation and weight
// upload count as operations here.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "base/available_memory.h"
#include "ops/all.h"
#include "ops/mailbox.h"
#include "tensor/rows.h"
#include "tritium/status.hpp"

namespace tritium {

// One pure virtual run(const Op&) for each operation of a list: a backend that lacks one does not compile.
template <typename List>
class RunsEach;
template <>
class RunsEach<OpList<>> {
 public:
  void run() = delete;  // so that the next one has something to bring into its scope
};
template <typename Op, typename... Rest>
class RunsEach<OpList<Op, Rest...>> : public RunsEach<OpList<Rest...>> {
 public:
  using RunsEach<OpList<Rest...>>::run;
  virtual Status run(const Op& op) = 0;
};

class Program;
class Replay;

class Backend : public RunsEach<AllOps> {
 public:
  virtual ~Backend() = default;

  virtual std::string name() const = 0;  // "reference", "cpu", "vulkan:0": what --backend takes

  // Tokens of a prompt to evaluate at once where the user does not say. A batch reads each weight once and keeps the
  // activations of all its tokens.
  static constexpr int64_t kPromptBatch = 128;
  virtual int64_t prompt_batch() const { return kPromptBatch; }
  // Bytes that tensors may still take, as far as that can be said; 0: unknown. Others may take them first.
  virtual uint64_t available_memory() const { return tritium::available_memory(); }

  // Zero-filled memory. `debug_name` is what a debugger (RenderDoc) shows. Fails with out_of_memory and the numbers.
  virtual Result<Tensor> allocate(const Shape& shape, DType dtype, const std::string& debug_name) = 0;
  // `data` is as long as tensor.bytes() or shorter (then only the start is written); multiple of 4 bytes.
  virtual Status upload(const Tensor& tensor, std::span<const std::byte> data) = 0;
  virtual Status download(const Tensor& tensor, std::span<std::byte> data) = 0;
  // Weights move once, into the layout this backend wants.
  virtual Result<Weight> upload_rows(const TernaryRows& rows, const std::string& debug_name) = 0;
  virtual Result<Weight> upload_rows(const DenseRows& rows, const std::string& debug_name) = 0;
  Result<Weight> upload_weight(const TernaryMatrix& matrix, const std::string& debug_name) {
    return upload_rows(*rows_of(matrix), debug_name);
  }
  Result<Weight> upload_weight(const DenseMatrix& matrix, const std::string& debug_name) {
    return upload_rows(*rows_of(matrix), debug_name);
  }
  // The shapes of the planes that upload_rows allocates for a described weight (weight_layout.h).
  virtual void lay_out(Weight&) const {}
  // Names what lay_out does, and the order of what upload_rows writes: backends with one name can take each other's
  // planes. Empty: this backend's planes are nobody else's.
  virtual std::string_view weight_layout() const { return {}; }
  // A weight of which an earlier upload's planes are at hand: described and laid out, without memory. `data` and
  // `scales` are followed by 64 bytes that can be read; `owner` keeps them, for those who need no copy.
  virtual Result<Weight> restore_weight(Weight weight, std::span<const std::byte> data,
                                        std::span<const std::byte> scales, const std::shared_ptr<const void>& owner);
  // The trits and scales of a ternary weight, wherever its layout put them: scales for each row, or for each group
  // where a row has several.
  virtual Result<TernaryMatrix> download_weight(const Weight& weight) = 0;
  virtual Status submit() = 0;
  // Submits and waits until all has run: then memory that nobody uses any more is the system's again.
  virtual Status finish() { return submit(); }

  // Opens and closes a level of the label tree model/layer/op that debuggers show.
  virtual void push_label(std::string_view name) = 0;
  virtual void pop_label() = 0;

  // Rewrites a Program, whose temporaries are not placed yet, into one that this backend runs faster (fuse.h).
  virtual void rewrite(Program&) const {}
  // Whether the host is free while operations run: then it is worth while to find tokens there.
  virtual bool is_asynchronous() const { return false; }
  // Passes that may be under way at once.
  virtual int64_t passes_under_way() const { return 1; }
  // Zero-filled.
  virtual Result<std::unique_ptr<Mailbox>> make_mailbox(int64_t n);
  // Makes a bound Program, which must outlive what is returned, ready to run. Unless a backend knows better, running it
  // is a walk over its operations.
  virtual Result<std::unique_ptr<Replay>> prepare(const Program& program);

  std::mutex& mutex() { return mutex_; }

 private:
  std::mutex mutex_;
};

// A Base whose run() of every operation of the list is Self::each(op): a decorator, or a backend that is made from a
// table, is one function.
template <typename Self, typename Base, typename List>
class Each;
template <typename Self, typename Base>
class Each<Self, Base, OpList<>> : public Base {
 public:
  using Base::Base;
};
template <typename Self, typename Base, typename Op, typename... Rest>
class Each<Self, Base, OpList<Op, Rest...>> : public Each<Self, Base, OpList<Rest...>> {
 public:
  using Each<Self, Base, OpList<Rest...>>::Each;
  using Base::run;
  Status run(const Op& op) override { return static_cast<Self*>(this)->each(op); }
};

// A Backend that does everything by another one. Decorators replace what they are about.
class ForwardingBackend : public Backend {
 public:
  explicit ForwardingBackend(std::unique_ptr<Backend> inner) : inner_(std::move(inner)) {}
  Backend& inner() { return *inner_; }

  std::string name() const override { return inner_->name(); }
  int64_t prompt_batch() const override { return inner_->prompt_batch(); }
  uint64_t available_memory() const override { return inner_->available_memory(); }
  Result<Tensor> allocate(const Shape& shape, DType dtype, const std::string& debug_name) override {
    return inner_->allocate(shape, dtype, debug_name);
  }
  Status upload(const Tensor& tensor, std::span<const std::byte> data) override { return inner_->upload(tensor, data); }
  Status download(const Tensor& tensor, std::span<std::byte> data) override { return inner_->download(tensor, data); }
  Result<Weight> upload_rows(const TernaryRows& rows, const std::string& debug_name) override {
    return inner_->upload_rows(rows, debug_name);
  }
  Result<Weight> upload_rows(const DenseRows& rows, const std::string& debug_name) override {
    return inner_->upload_rows(rows, debug_name);
  }
  Result<TernaryMatrix> download_weight(const Weight& weight) override { return inner_->download_weight(weight); }
  void lay_out(Weight& weight) const override { inner_->lay_out(weight); }
  std::string_view weight_layout() const override { return inner_->weight_layout(); }
  Result<Weight> restore_weight(Weight weight, std::span<const std::byte> data, std::span<const std::byte> scales,
                                const std::shared_ptr<const void>& owner) override {
    return inner_->restore_weight(std::move(weight), data, scales, owner);
  }
  Status submit() override { return inner_->submit(); }
  void rewrite(Program& program) const override { inner_->rewrite(program); }
  void push_label(std::string_view label) override { inner_->push_label(label); }
  void pop_label() override { inner_->pop_label(); }

 private:
  std::unique_ptr<Backend> inner_;
};

}  // namespace tritium
