// The Backend made of cpu_ref's loops: slow, obvious, single-threaded, the truth.
#pragma once

#include <memory>

#include "base/cancel.h"
#include "cpu_ref/spread.h"
#include "ops/compose.h"

namespace tritium {

// Tensors in host memory, weights as files hold them: what the reference and the cpu backend have in common.
class HostBackend : public Backend {
 public:
  Result<Tensor> allocate(const Shape& shape, DType dtype, const std::string& debug_name) override;
  Status upload(const Tensor& tensor, std::span<const std::byte> data) override;
  Status download(const Tensor& tensor, std::span<std::byte> data) override;
  Result<Weight> upload_rows(const TernaryRows& rows, const std::string& debug_name) override;
  Result<Weight> upload_rows(const DenseRows& rows, const std::string& debug_name) override;
  Result<TernaryMatrix> download_weight(const Weight& weight) override;
  std::string_view weight_layout() const override { return "rows"; }
  Result<Weight> restore_weight(Weight weight, std::span<const std::byte> data, std::span<const std::byte> scales,
                                const std::shared_ptr<const void>& owner) override;
  Status submit() override { return Status(); }
  void push_label(std::string_view) override {}
  void pop_label() override {}

 protected:
  // Memory for a tensor that the caller writes all of: it is not cleared.
  static Status allocate_plane(Tensor& plane, const std::string& debug_name);
};

class ReferenceBackend : public Each<ReferenceBackend, HostBackend, AllOps> {
 public:
  std::string name() const override { return "reference"; }

  template <typename Op>
  Status each(const Op& op) try {
    if constexpr (kIsComposed<Op>) {
      return compose(*this, op);
    } else {
      cpu_ref::call(Op::reference, op);
      return Status();
    }
  } catch (const Cancelled&) {
    return cancelled_status();
  }
};

std::unique_ptr<Backend> make_reference_backend();

}  // namespace tritium
