// Tensors in host memory, and weights as files have them.
#include "cpu_ref/reference_backend.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/cancel.h"
#include "base/checked_math.h"
#include "base/format_text.h"
#include "cpu_ref/host_memory.h"
#include "ops/weight_layout.h"

namespace tritium {
Result<Tensor> HostBackend::allocate(const Shape& shape, DType dtype, const std::string& debug_name) {
  Tensor tensor{nullptr, shape, dtype};
  try {
    tensor.buffer = std::make_shared<HostBuffer>(static_cast<size_t>(tensor.bytes()));
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

Result<Weight> HostBackend::upload_weight(const TernaryMatrix& matrix, const std::string& debug_name) {
  Weight weight = describe_weight(matrix, debug_name);
  Result<Tensor> data = allocate(weight.data.shape, weight.data.dtype, debug_name);
  if (!data.ok()) return data.status();
  weight.data = *data;
  Result<Tensor> scales = allocate(weight.scales.shape, DType::f32, debug_name + ".scales");
  if (!scales.ok()) return scales.status();
  weight.scales = *scales;
  std::ranges::copy(matrix.words(), host_span<uint32_t>(weight.data).begin());
  std::ranges::copy(kernel_scales(matrix), host_span<float>(weight.scales).begin());
  return weight;
}

Result<Weight> HostBackend::upload_weight(const DenseMatrix& matrix, const std::string& debug_name) {
  Weight weight = describe_weight(matrix, debug_name);
  Result<Tensor> data = allocate(weight.data.shape, weight.data.dtype, debug_name);
  if (!data.ok()) return data.status();
  weight.data = *data;
  const auto bytes_per_element = static_cast<size_t>(bits_of(weight.dtype) / 8);
  const size_t row_bytes = static_cast<size_t>(weight.cols) * bytes_per_element;
  std::byte* out = host_span<std::byte>(weight.data).data();
  for (size_t row = 0; row < static_cast<size_t>(weight.n_matrices * weight.rows); ++row) {
    check_cancelled_every<1024>(row);
    std::memcpy(out + row * static_cast<size_t>(weight.row_stride) * bytes_per_element,
                matrix.bytes.data() + row * row_bytes, row_bytes);
  }
  return weight;
}

Result<TernaryMatrix> HostBackend::download_weight(const Weight& weight) {
  return matrix_of(weight, host_span<uint32_t>(weight.data), host_span<float>(weight.scales));
}

std::unique_ptr<Backend> make_reference_backend() { return std::make_unique<ReferenceBackend>(); }

}  // namespace tritium
