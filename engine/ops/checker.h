// Checker: the vocabulary in which operations say what must hold.
#pragma once

#include <string_view>

#include "ops/tensor.h"
#include "tritium/status.hpp"

namespace tritium {

// What an operation takes.
enum class WeightKind { dense, ternary, packed };
inline WeightKind kind_of(const Weight& w) {
  return w.ternary() ? WeightKind::ternary : w.packed() ? WeightKind::packed : WeightKind::dense;
}

// Collects what must hold; the first thing that does not becomes the error.
class Checker {
 public:
  explicit Checker(std::string_view op) : op_(op) {}

  // There, of this type and shape, with 1 to 2^31 - 1 elements.
  Checker& tensor(std::string_view name, const Tensor& t, DType dtype, const Shape& shape);
  Checker& f32(std::string_view name, const Tensor& t, const Shape& shape) {
    return tensor(name, t, DType::f32, shape);
  }
  // There and of the given rank: what must hold before its shape can be looked at.
  Checker& f32_of_rank(std::string_view name, const Tensor& t, int rank) {
    return this->rank(name, t, rank).f32(name, t, t.shape);
  }
  Checker& rank(std::string_view name, const Tensor& t, int rank);
  Checker& that(bool condition, std::string_view requirement);
  Checker& weight(const Weight& w, WeightKind kind);
  // y [R, weight.rows] from x rows, with or without expert ids.
  Checker& product(const Weight& w, int64_t x_rows, const Tensor& ids, const Tensor& y);

  bool ok() const { return status_.ok(); }
  Status status() const { return status_; }

 private:
  std::string_view op_;
  Status status_;
};

}  // namespace tritium
