#include "ops/compare_backend.h"

#include <algorithm>
#include <vector>

#include "base/format_text.h"
#include "base/path.h"
#include "ops/rounded_gradients.h"
#include "ops/tolerance.h"
#include "tensor/npy.h"

namespace tritium {
namespace {

// The same tensor, or the same weight, on both sides.
struct PairBuffer final : Buffer {
  Tensor tested, expected;
  Weight tested_weight, expected_weight;
};

enum class Side { tested, expected };

Tensor on_side(const Tensor& tensor, Side side) {
  const auto& pair = static_cast<const PairBuffer&>(*tensor.buffer);
  return {(side == Side::tested ? pair.tested : pair.expected).buffer, tensor.shape, tensor.dtype};
}

// A weight that came from upload_weight; or activations read as a table of rows, which have no weight of their own.
Weight on_side(const Weight& weight, Side side) {
  const auto& pair = static_cast<const PairBuffer&>(*weight.data.buffer);
  Weight own = side == Side::tested ? pair.tested_weight : pair.expected_weight;
  own.code_step = weight.code_step;  // no backend's
  if (own.data) return own;
  Weight table = weight;
  table.data = on_side(weight.data, side);
  return table;
}

template <typename Op>
Op on_side(const Op& op, Side side) {
  Op own = op;
  Op::visit(own, [side](Role, auto& x, auto...) {
    if constexpr (std::is_same_v<decltype(x), Weight&>) {
      if (x.data) x = on_side(x, side);
    } else {
      if (x) x = on_side(x, side);
    }
  });
  return own;
}

class CompareBackend final : public Each<CompareBackend, Backend, AllOps> {
 public:
  CompareBackend(std::unique_ptr<Backend> tested, std::unique_ptr<Backend> expected, CompareOptions options)
      : tested_(std::move(tested)), expected_(std::move(expected)), options_(std::move(options)) {
    for (const Backend* b : {tested_.get(), expected_.get()})
      if (const auto* rounds = dynamic_cast<const RoundsGradients*>(b); rounds && rounds->rounds_gradients())
        rounds_gradients_ = true;
  }

  Backend& tested() { return *tested_; }

  std::string name() const override { return tested_->name(); }
  int64_t prompt_batch() const override { return tested_->prompt_batch(); }

  Result<Tensor> allocate(const Shape& shape, DType dtype, const std::string& debug_name) override {
    auto pair = std::make_shared<PairBuffer>();
    Result<Tensor> tested = tested_->allocate(shape, dtype, debug_name);
    if (!tested.ok()) return tested;
    Result<Tensor> expected = expected_->allocate(shape, dtype, debug_name);
    if (!expected.ok()) return expected;
    pair->tested = *tested;
    pair->expected = *expected;
    return Tensor{std::move(pair), shape, dtype};
  }

  Status upload(const Tensor& tensor, std::span<const std::byte> data) override {
    const Status status = tested_->upload(on_side(tensor, Side::tested), data);
    return status.ok() ? expected_->upload(on_side(tensor, Side::expected), data) : status;
  }
  Status download(const Tensor& tensor, std::span<std::byte> data) override {
    return tested_->download(on_side(tensor, Side::tested), data);
  }
  Result<Weight> upload_rows(const TernaryRows& rows, const std::string& name) override {
    return upload_both(rows, name);
  }
  Result<Weight> upload_rows(const DenseRows& rows, const std::string& name) override {
    return upload_both(rows, name);
  }
  void lay_out(Weight& weight) const override { tested_->lay_out(weight); }
  Result<TernaryMatrix> download_weight(const Weight& weight) override {
    return tested_->download_weight(on_side(weight, Side::tested));
  }
  Status submit() override {
    const Status status = tested_->submit();
    return status.ok() ? expected_->submit() : status;
  }
  Status finish() override {
    const Status status = tested_->finish();
    return status.ok() ? expected_->finish() : status;
  }

  void rewrite(Program& program) const override { tested_->rewrite(program); }

  void push_label(std::string_view name) override {
    labels_.emplace_back(name);
    tested_->push_label(name);
    expected_->push_label(name);
  }
  void pop_label() override {
    labels_.pop_back();
    tested_->pop_label();
    expected_->pop_label();
  }

  template <typename Op>
  Status each(const Op& op) {
    if (Status s = tested_->run(on_side(op, Side::tested)); !s.ok()) return s;
    if (Status s = expected_->run(on_side(op, Side::expected)); !s.ok()) return s;
    Status status;
    int output = 0;
    const auto compare = [&](Role role, const Tensor& tensor) {
      if (role == Role::input || !tensor || !status.ok()) return;
      const double own = tolerance_of<Op>(tensor.dtype, role);
      const double bound = kTakesGradients<Op> && rounds_gradients_ ? std::max(own, kRoundedGradients) : own;
      status = compare_output(Op::kName, output++, bound, tensor);
    };
    Op::visit(op, [&](Role role, auto& x, auto...) {
      if constexpr (std::is_same_v<decltype(x), const Weight&>) {
        // Packed trits lie as each backend likes: operations that use them show what is in them.
        if (!x.ternary()) compare(role, x.data);
      } else {
        compare(role, x);
      }
    });
    return status;
  }

 private:
  template <typename Rows>
  Result<Weight> upload_both(const Rows& rows, const std::string& name) {
    auto pair = std::make_shared<PairBuffer>();
    Result<Weight> tested = tested_->upload_rows(rows, name);
    if (!tested.ok()) return tested;
    Result<Weight> expected = expected_->upload_rows(rows, name);
    if (!expected.ok()) return expected;
    pair->tested_weight = *tested;
    pair->expected_weight = *expected;
    // For operations that write a dense weight: its layout is the same everywhere.
    pair->tested = tested->data;
    pair->expected = expected->data;
    Weight weight = *expected;
    weight.data.buffer = pair;
    if (weight.scales) weight.scales.buffer = pair;
    return weight;
  }

  Status compare_output(std::string_view operation, int output, double bound, const Tensor& tensor) {
    std::vector<std::byte> tested(static_cast<size_t>(tensor.bytes()));
    std::vector<std::byte> expected(tested.size());
    if (Status s = tested_->download(on_side(tensor, Side::tested), tested); !s.ok()) return s;
    if (Status s = expected_->download(on_side(tensor, Side::expected), expected); !s.ok()) return s;
    const Comparison comparison{.operation = std::string(operation),
                                .place = place(),
                                .output = output,
                                .error = relative_error(tensor.dtype, expected, tested),
                                .bound = bound};
    if (options_.observe) options_.observe(comparison);
    if (!comparison.within() && options_.stop_at_first) return report(comparison, tensor, expected, tested);
    return tested_->upload(on_side(tensor, Side::tested), expected);
  }

  Status report(const Comparison& c, const Tensor& tensor, std::span<const std::byte> expected,
                std::span<const std::byte> tested) const {
    std::string files;
    if (!options_.dump_dir.empty()) {
      const std::string stem = path_in(options_.dump_dir, c.operation);
      const std::string expected_path = stem + ".expected.npy";
      const std::string tested_path = stem + ".tested.npy";
      Status written = write_npy(expected_path, tensor.dtype, tensor.shape, expected);
      if (written.ok()) written = write_npy(tested_path, tensor.dtype, tensor.shape, tested);
      files = written.ok() ? join("; tensors are in ", expected_path, " and ", tested_path) : "; " + written.message();
    }
    return error(StatusCode::device_error, c.place, "/", c.operation, ": output ", c.output, " ", tensor.shape.text(),
                 " of ", tested_->name(), " differs from ", expected_->name(), " by ", c.error, ", bound ", c.bound,
                 files);
  }

  std::string place() const {
    std::string path;
    for (const std::string& label : labels_) path += (path.empty() ? "" : "/") + label;
    return path;
  }

  std::unique_ptr<Backend> tested_;
  std::unique_ptr<Backend> expected_;
  CompareOptions options_;
  bool rounds_gradients_ = false;
  std::vector<std::string> labels_;
};

}  // namespace

std::unique_ptr<Backend> make_compare_backend(std::unique_ptr<Backend> tested, std::unique_ptr<Backend> expected,
                                              CompareOptions options) {
  return std::make_unique<CompareBackend>(std::move(tested), std::move(expected), std::move(options));
}

Backend& tested_backend(Backend& backend) {
  auto* compare = dynamic_cast<CompareBackend*>(&backend);
  return compare ? compare->tested() : backend;
}

}  // namespace tritium
