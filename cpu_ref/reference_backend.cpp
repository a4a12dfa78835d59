#include "cpu_ref/reference_backend.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/checked_math.h"
#include "base/format_text.h"
#include "cpu_ref/host_memory.h"
#include "cpu_ref/operations.h"
#include "ops/weight_layout.h"

namespace tritium {
namespace {

constexpr int64_t kDenseRowAlign = 8;  // elements: rows start on 16 bytes in every dense type

Weight describe_dense(const DenseMatrix& matrix, const std::string& name) {
  return {.dtype = matrix.dtype,
          .n_matrices = matrix.n_matrices,
          .rows = matrix.rows,
          .cols = matrix.cols,
          .row_stride = round_up(matrix.cols, kDenseRowAlign),
          .group_size = 0,
          .name = name,
          .data = {},
          .scales = {}};
}

}  // namespace

Result<Tensor> ReferenceBackend::allocate(const Shape& shape, DType dtype, const std::string& debug_name) {
  Tensor tensor{nullptr, shape, dtype};
  try {
    tensor.buffer = std::make_shared<HostBuffer>(static_cast<size_t>(tensor.bytes()));
  } catch (const std::bad_alloc&) {
    return error(StatusCode::out_of_memory, debug_name, ": ", tensor.bytes(), " bytes of host memory refused");
  }
  return tensor;
}

Status ReferenceBackend::upload(const Tensor& tensor, std::span<const std::byte> data) {
  std::copy(data.begin(), data.end(), host_span<std::byte>(tensor).begin());
  return Status();
}

Status ReferenceBackend::download(const Tensor& tensor, std::span<std::byte> data) {
  std::copy_n(host_span<std::byte>(tensor).begin(), data.size(), data.begin());
  return Status();
}

Result<Weight> ReferenceBackend::upload_weight(const TernaryMatrix& matrix, const std::string& debug_name) {
  Weight weight = describe_weight(matrix, debug_name);
  Result<Tensor> data = allocate({weight.n_matrices, weight.rows, weight.row_stride}, DType::trit2, debug_name);
  if (!data.ok()) return data.status();
  weight.data = *data;
  Result<Tensor> scales =
      allocate({weight.n_matrices, weight.rows, weight.groups_per_row()}, DType::f32, debug_name + ".scales");
  if (!scales.ok()) return scales.status();
  weight.scales = *scales;
  std::ranges::copy(matrix.words(), host_span<uint32_t>(weight.data).begin());
  std::ranges::copy(kernel_scales(matrix), host_span<float>(weight.scales).begin());
  return weight;
}

Result<Weight> ReferenceBackend::upload_weight(const DenseMatrix& matrix, const std::string& debug_name) {
  Weight weight = describe_dense(matrix, debug_name);
  Result<Tensor> data = allocate({weight.n_matrices, weight.rows, weight.row_stride}, weight.dtype, debug_name);
  if (!data.ok()) return data.status();
  weight.data = *data;
  const auto bytes_per_element = static_cast<size_t>(bits_of(weight.dtype) / 8);
  const size_t row_bytes = static_cast<size_t>(weight.cols) * bytes_per_element;
  std::byte* out = host_span<std::byte>(weight.data).data();
  for (size_t row = 0; row < static_cast<size_t>(weight.n_matrices * weight.rows); ++row)
    std::memcpy(out + row * static_cast<size_t>(weight.row_stride) * bytes_per_element,
                matrix.bytes.data() + row * row_bytes, row_bytes);
  return weight;
}

Result<TernaryMatrix> ReferenceBackend::download_weight(const Weight& weight) {
  return matrix_of(weight, host_span<uint32_t>(weight.data), host_span<float>(weight.scales));
}

Status ReferenceBackend::embedding(const EmbeddingArgs& a) {
  cpu_ref::embedding(params_of(a), host_span<std::byte>(a.table.data), host_span<float>(a.table.scales),
                     host_span<int32_t>(a.tokens), host_span<float>(a.y));
  return Status();
}

Status ReferenceBackend::rms_norm(const RmsNormArgs& a) {
  cpu_ref::rms_norm(params_of(a), host_span<float>(a.x), host_span<float>(a.weight), host_span<float>(a.y));
  return Status();
}

Status ReferenceBackend::quantize_activations(const QuantizeActivationsArgs& a) {
  cpu_ref::quantize_activations(params_of(a), host_span<float>(a.x), host_span<int8_t>(a.q),
                                host_span<float>(a.scales));
  return Status();
}

Status ReferenceBackend::ternary_matmul(const TernaryMatmulArgs& a) {
  cpu_ref::ternary_matmul(params_of(a), host_span<int8_t>(a.q), host_span<float>(a.scales),
                          host_span<uint32_t>(a.weight.data), host_span<float>(a.weight.scales),
                          host_span<int32_t>(a.expert_ids), host_span<float>(a.y));
  return Status();
}

Status ReferenceBackend::ternary_matmul_f32(const TernaryMatmulF32Args& a) {
  cpu_ref::ternary_matmul_f32(params_of(a), host_span<float>(a.x), host_span<uint32_t>(a.weight.data),
                              host_span<float>(a.weight.scales), host_span<int32_t>(a.expert_ids),
                              host_span<float>(a.y));
  return Status();
}

Status ReferenceBackend::dense_matmul(const DenseMatmulArgs& a) {
  cpu_ref::dense_matmul(params_of(a), host_span<float>(a.x), host_span<std::byte>(a.weight.data),
                        host_span<int32_t>(a.expert_ids), host_span<float>(a.y));
  return Status();
}

Status ReferenceBackend::rope(const RopeArgs& a) {
  cpu_ref::rope(params_of(a), host_span<float>(a.x), host_span<float>(a.cos_sin), host_span<float>(a.y));
  return Status();
}

Status ReferenceBackend::store_kv(const StoreKvArgs& a) {
  cpu_ref::store_kv(params_of(a), host_span<float>(a.k), host_span<float>(a.v), host_span<float>(a.k_cache),
                    host_span<float>(a.v_cache));
  return Status();
}

Status ReferenceBackend::attention(const AttentionArgs& a) {
  cpu_ref::attention(params_of(a), host_span<float>(a.q), host_span<float>(a.k_cache), host_span<float>(a.v_cache),
                     host_span<float>(a.y));
  return Status();
}

Status ReferenceBackend::gated_activation(const GatedActivationArgs& a) {
  cpu_ref::gated_activation(params_of(a), host_span<float>(a.gate), host_span<float>(a.up), host_span<float>(a.y));
  return Status();
}

Status ReferenceBackend::add(const AddArgs& a) {
  cpu_ref::add(params_of(a), host_span<float>(a.a), host_span<float>(a.b), host_span<float>(a.y));
  return Status();
}

Status ReferenceBackend::route_tokens(const RouteTokensArgs& a) {
  cpu_ref::route_tokens(params_of(a), host_span<float>(a.logits), host_span<int32_t>(a.expert_ids),
                        host_span<float>(a.weights));
  return Status();
}

Status ReferenceBackend::combine_experts(const CombineExpertsArgs& a) {
  cpu_ref::combine_experts(params_of(a), host_span<float>(a.x), host_span<float>(a.weights), host_span<float>(a.y));
  return Status();
}

std::unique_ptr<Backend> make_reference_backend() { return std::make_unique<ReferenceBackend>(); }

}  // namespace tritium
