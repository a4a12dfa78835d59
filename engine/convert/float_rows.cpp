#include "convert/float_rows.h"

#include "tensor/to_f32.h"

namespace tritium {

Result<FloatRows> FloatRows::open(const TensorMap& map, const std::string& name) {
  Result<std::unique_ptr<DenseRows>> rows = map.dense_rows(name);
  if (!rows.ok()) return rows.status();
  FloatRows floats;
  floats.rows_ = *std::move(rows);
  return floats;
}

Status FloatRows::read(int64_t first, int64_t n, std::span<float> values) const {
  const auto size = static_cast<size_t>(rows_->row_bytes()), cols = static_cast<size_t>(rows_->cols());
  std::vector<std::byte> bytes(static_cast<size_t>(n) * size);
  if (Status s = rows_->read(first, n, bytes); !s.ok()) return s;
  for (size_t r = 0; r < static_cast<size_t>(n); ++r)
    to_f32(rows_->dtype(), std::span(bytes).subspan(r * size, size), values.subspan(r * cols, cols));
  return Status();
}

}  // namespace tritium
