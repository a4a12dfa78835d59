// Tensors in host memory, and weights as files have them.
#include "cpu_ref/reference_backend.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/cancel.h"
#include "base/format_text.h"
#include "cpu_ref/host_memory.h"
#include "ops/weight_layout.h"

namespace tritium {
Result<Tensor> HostBackend::allocate(const Shape& shape, DType dtype, const std::string& debug_name) {
  Tensor tensor{nullptr, shape, dtype};
  try {
    tensor.buffer = std::make_shared<HostBuffer>(static_cast<size_t>(tensor.bytes()));
  } catch (const Cancelled&) {
    return cancelled_status();
  } catch (const std::bad_alloc&) {
    return error(StatusCode::out_of_memory, debug_name, ": ", tensor.bytes(), " bytes of host memory refused");
  }
  return tensor;
}

Status HostBackend::upload(const Tensor& tensor, std::span<const std::byte> data) {
  std::copy(data.begin(), data.end(), host_span<std::byte>(tensor).begin());
  return Status();
}

Status HostBackend::download(const Tensor& tensor, std::span<std::byte> data) {
  std::copy_n(host_span<std::byte>(tensor).begin(), data.size(), data.begin());
  return Status();
}

Status HostBackend::allocate_plane(Tensor& plane, const std::string& debug_name) {
  try {
    plane.buffer = std::make_shared<HostBuffer>(static_cast<size_t>(plane.bytes()), HostBuffer::Content::undefined);
  } catch (const Cancelled&) {
    return cancelled_status();
  } catch (const std::bad_alloc&) {
    return error(StatusCode::out_of_memory, debug_name, ": ", plane.bytes(), " bytes of host memory refused");
  }
  return Status();
}

namespace {

// Rows that are read at once: about 256 KB.
int64_t stretch(int64_t row_bytes) { return std::clamp<int64_t>((1 << 18) / std::max<int64_t>(1, row_bytes), 1, 4096); }

}  // namespace

Result<Weight> HostBackend::upload_rows(const TernaryRows& rows, const std::string& debug_name) {
  Weight weight = describe_weight(rows, debug_name);
  if (Status s = allocate_plane(weight.data, debug_name); !s.ok()) return s;
  const auto groups = static_cast<size_t>(rows.groups_per_row()), per_row = static_cast<size_t>(rows.words_per_row());
  const auto words = host_span<uint32_t>(weight.data);
  std::vector<float> stored(static_cast<size_t>(rows.n_rows()) * groups);
  const int64_t step = stretch(rows.words_per_row() * 4);
  for (int64_t first = 0; first < rows.n_rows(); first += step) {
    check_cancelled();
    const auto n = static_cast<size_t>(std::min(step, rows.n_rows() - first)), at = static_cast<size_t>(first);
    const Status status = rows.read(first, static_cast<int64_t>(n), words.subspan(at * per_row, n * per_row),
                                    std::span(stored).subspan(at * groups, n * groups));
    if (!status.ok()) return status;
  }
  const std::vector<float> scales = settle_scales(weight, rows, stored);
  if (Status s = allocate_plane(weight.scales, debug_name); !s.ok()) return s;
  std::ranges::copy(scales, host_span<float>(weight.scales).begin());
  return weight;
}

// Dense rows lie row_stride elements apart; packed ones become codes and scales.
Result<Weight> HostBackend::upload_rows(const DenseRows& rows, const std::string& debug_name) {
  Weight weight = describe_weight(rows, debug_name);
  if (Status s = allocate_plane(weight.data, debug_name); !s.ok()) return s;
  if (weight.packed())
    if (Status s = allocate_plane(weight.scales, debug_name); !s.ok()) return s;
  const auto row_bytes = static_cast<size_t>(rows.row_bytes());
  const auto stride = static_cast<size_t>(weight.data.bytes() / rows.n_rows());
  const auto data = host_span<std::byte>(weight.data);
  const PackedRow packed = weight.packed() ? packed_row(weight.dtype, weight.row_stride) : PackedRow{};
  const auto codes = static_cast<size_t>(packed.words), scales = static_cast<size_t>(packed.scale_words);
  const int64_t step = stretch(rows.row_bytes());
  std::vector<std::byte> buffer(static_cast<size_t>(std::min(step, rows.n_rows())) * row_bytes);
  for (int64_t first = 0; first < rows.n_rows(); first += step) {
    check_cancelled();
    const int64_t n = std::min(step, rows.n_rows() - first);
    if (Status s = rows.read(first, n, std::span(buffer).first(static_cast<size_t>(n) * row_bytes)); !s.ok()) return s;
    for (size_t r = 0; r < static_cast<size_t>(n); ++r) {
      const auto from = std::span<const std::byte>(buffer).subspan(r * row_bytes, row_bytes);
      const size_t row = static_cast<size_t>(first) + r;
      if (weight.packed()) {
        pack_row(weight.dtype, from, host_span<uint32_t>(weight.data).subspan(row * codes, codes),
                 host_span<uint32_t>(weight.scales).subspan(row * scales, scales));
      } else {
        const auto to = data.subspan(row * stride, stride);
        std::ranges::copy(from, to.begin());
        std::ranges::fill(to.subspan(row_bytes), std::byte{0});
      }
    }
  }
  return weight;
}

Result<TernaryMatrix> HostBackend::download_weight(const Weight& weight) {
  return matrix_of(weight, host_span<uint32_t>(weight.data), host_span<float>(weight.scales));
}

Result<Weight> HostBackend::restore_weight(Weight weight, std::span<const std::byte> data,
                                           std::span<const std::byte> scales,
                                           const std::shared_ptr<const void>& owner) {
  weight.data.buffer = std::make_shared<HostBuffer>(data.data(), owner);
  if (weight.has_scales()) weight.scales.buffer = std::make_shared<HostBuffer>(scales.data(), owner);
  return weight;
}

std::unique_ptr<Backend> make_reference_backend() { return std::make_unique<ReferenceBackend>(); }

}  // namespace tritium
