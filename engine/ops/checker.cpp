#include "ops/checker.h"

#include <limits>

#include "base/format_text.h"

namespace tritium {

Checker& Checker::that(bool condition, std::string_view requirement) {
  if (!condition && ok()) status_ = error(StatusCode::internal, op_, ": ", requirement);
  return *this;
}

Checker& Checker::tensor(std::string_view name, const Tensor& t, DType dtype, const Shape& shape) {
  if (!ok()) return *this;
  if (!t) return that(false, join(name, " is missing"));
  if (t.dtype != dtype) return that(false, join(name, " is ", name_of(t.dtype), ", must be ", name_of(dtype)));
  if (!(t.shape == shape)) return that(false, join(name, " is ", t.shape.text(), ", must be ", shape.text()));
  if (t.elements() <= 0 || t.elements() > std::numeric_limits<int32_t>::max())
    return that(false, join(name, " has ", t.elements(), " elements, must have 1 to 2^31 - 1"));
  return *this;
}

Checker& Checker::rank(std::string_view name, const Tensor& t, int rank) {
  if (!ok() || !t || t.shape.rank() == rank) return *this;
  return that(false, join(name, " is ", t.shape.text(), ", must have rank ", rank));
}

Checker& Checker::weight(const Weight& w, WeightKind kind) {
  if (!ok()) return *this;
  if (!w.data) return that(false, "weight is missing");
  if (kind_of(w) != kind) return that(false, join(w.name, " is ", name_of(w.dtype), ", wrong kind for this operation"));
  if (w.has_scales() && !w.scales) return that(false, w.name + " has no scales");
  that(w.rows > 0 && w.cols > 0 && w.n_matrices > 0 && w.row_stride >= w.cols, "weight sizes must be positive");
  return that(!w.ternary() || (w.group_size > 0 && w.group_size % 16 == 0), "weight group must be a multiple of 16");
}

Checker& Checker::product(const Weight& w, int64_t x_rows, const Tensor& ids, const Tensor& y) {
  if (!ok()) return *this;
  const int64_t rows = ids ? ids.elements() : x_rows;
  f32("y", y, {rows, w.rows});
  if (!ids) return *this;
  tensor("expert_ids", ids, DType::i32, {ids.shape[0], ids.shape[1]});
  return that(x_rows == rows || x_rows == ids.shape[0], "x must have a row for each token or for each expert slot");
}

}  // namespace tritium
