// A backend that computes nothing: it asks the launchers, and notes what they dispatch.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "ops/fuse.h"
#include "ops/weight_layout.h"
#include "tests/vulkan/isa/dispatched_kernels.h"
#include "vulkan/ops/record.h"

namespace tritium::vulkan {

class NotingRecorder final : public Recorder {
 public:
  explicit NotingRecorder(const Limits& limits) : limits_(limits) {}
  Status dispatch(const Dispatch& dispatch) override;
  const Limits& limits() const override { return limits_; }
  Result<Tensor> scratch(int64_t n) override { return Tensor{std::make_shared<Buffer>(), {n}, DType::f32}; }

  // Was noted before settle().
  bool knows(std::string_view kernel) const {
    return std::ranges::find(known_, kernel, &DispatchedKernel::name) != known_.end();
  }
  // Of the kernels noted so far no other constants are noted.
  void settle() { known_ = noted; }

  std::vector<DispatchedKernel> noted;
  std::string use;  // of what comes now

 private:
  Limits limits_;
  std::vector<DispatchedKernel> known_;
};

// Tensors without memory, zeros where something is read.
class NotingBackend final : public Each<NotingBackend, Backend, AllOps> {
 public:
  explicit NotingBackend(NotingRecorder& recorder) : recorder_(recorder) {}

  std::string name() const override { return "noting"; }
  Result<Tensor> allocate(const Shape& shape, DType dtype, const std::string&) override {
    return Tensor{std::make_shared<Buffer>(), shape, dtype};
  }
  Status upload(const Tensor&, std::span<const std::byte>) override { return Status(); }
  Status download(const Tensor&, std::span<std::byte> data) override {
    std::ranges::fill(data, std::byte{0});
    return Status();
  }
  Result<Weight> upload_rows(const TernaryRows& rows, const std::string& debug_name) override {
    return with_buffers(describe_weight(rows, debug_name));
  }
  Result<Weight> upload_rows(const DenseRows& rows, const std::string& debug_name) override {
    return with_buffers(describe_weight(rows, debug_name));
  }
  Result<TernaryMatrix> download_weight(const Weight& weight) override {
    return TernaryMatrix(weight.n_matrices, weight.rows, weight.cols, ScaleGranularity::row);
  }
  Status submit() override { return Status(); }
  void push_label(std::string_view) override {}
  void pop_label() override {}
  void rewrite(Program& program) const override {
    if (!fuses) return;
    const Limits& limits = recorder_.limits();
    fuse(program, {.tensors = limits.storage_buffers, .tensor_bytes = limits.storage_range});
  }
  bool fuses = true;

  template <typename Op>
  Status each(const Op& op) {
    return record(recorder_, op);
  }

 private:
  static Weight with_buffers(Weight weight) {
    weight.data.buffer = std::make_shared<Buffer>();
    if (weight.has_scales()) weight.scales.buffer = std::make_shared<Buffer>();
    return weight;
  }

  NotingRecorder& recorder_;
};

}  // namespace tritium::vulkan
