// Checker: the vocabulary in which checks.cpp and training_checks.cpp say what must hold.
#pragma once

#include <limits>
#include <string_view>

#include "base/format_text.h"
#include "ops/tensor.h"
#include "tritium/status.hpp"

namespace tritium {

// Collects what must hold; the first thing that does not becomes the error.
class Checker {
 public:
  explicit Checker(std::string_view op) : op_(op) {}

  Checker& tensor(std::string_view name, const Tensor& t, DType dtype, const Shape& shape) {
    if (!t) return fail(name, " is missing");
    if (t.dtype != dtype) return fail(name, " is ", name_of(t.dtype), ", must be ", name_of(dtype));
    if (!(t.shape == shape)) return fail(name, " is ", t.shape.text(), ", must be ", shape.text());
    if (t.elements() <= 0 || t.elements() > std::numeric_limits<int32_t>::max())
      return fail(name, " has ", t.elements(), " elements, must have 1 to 2^31 - 1");
    return *this;
  }
  Checker& rank(std::string_view name, const Tensor& t, int rank) {
    if (t && t.shape.rank() != rank) return fail(name, " is ", t.shape.text(), ", must have rank ", rank);
    return *this;
  }
  Checker& that(bool condition, std::string_view requirement) { return condition ? *this : fail("", requirement); }
  Checker& weight(const Weight& w, bool ternary) {
    if (!w.data) return fail("weight", " is missing");
    if (w.ternary() != ternary) return fail(w.name, " is ", name_of(w.dtype), ", wrong kind for this operation");
    if (ternary && !w.scales) return fail(w.name, " has no scales");
    that(w.rows > 0 && w.cols > 0 && w.n_matrices > 0 && w.row_stride >= w.cols, "weight sizes must be positive");
    return that(!ternary || (w.group_size > 0 && w.group_size % 16 == 0), "weight group must be a multiple of 16");
  }
  // y [R, weight.rows] from x rows, with or without expert ids.
  Checker& product(const Weight& w, int64_t x_rows, const Tensor& ids, const Tensor& y) {
    if (!status_.ok()) return *this;
    const int64_t rows = ids ? ids.elements() : x_rows;
    tensor("y", y, DType::f32, {rows, w.rows});
    if (!ids) return *this;
    tensor("expert_ids", ids, DType::i32, {ids.shape[0], ids.shape[1]});
    return that(x_rows == rows || x_rows == ids.shape[0], "x must have a row for each token or for each expert slot");
  }
  bool ok() const { return status_.ok(); }
  Status status() const { return status_; }

 private:
  template <typename... Parts>
  Checker& fail(const Parts&... parts) {
    if (status_.ok()) status_ = error(StatusCode::internal, op_, ": ", parts...);
    return *this;
  }

  std::string_view op_;
  Status status_;
};

}  // namespace tritium
