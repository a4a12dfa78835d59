// Ternary weights into blocks of 32 rows: the words of a chunk of 16 columns side by side (kernels.h).
#include "ops/weight_layout.h"
#include "simd/simd_backend.h"

namespace tritium {

Result<Weight> SimdBackend::upload_weight(const TernaryMatrix& matrix, const std::string& debug_name) {
  using simd::kBlockRows;
  Weight weight = describe_weight(matrix, debug_name);
  const int64_t n_blocks = ceil_div(weight.rows, kBlockRows);
  const int64_t n_groups = weight.groups_per_row();
  const int64_t n_chunks = matrix.words_per_row();
  Result<Tensor> data =
      allocate({weight.n_matrices, n_blocks * kBlockRows, weight.row_stride}, DType::trit2, debug_name);
  if (!data.ok()) return data.status();
  weight.data = *data;
  Result<Tensor> scales =
      allocate({weight.n_matrices, n_blocks, n_groups, kBlockRows}, DType::f32, debug_name + ".scales");
  if (!scales.ok()) return scales.status();
  weight.scales = *scales;

  const std::vector<float> row_scales = kernel_scales(matrix);
  const uint32_t* row_words = matrix.words().data();
  uint32_t* words_out = host_span<uint32_t>(weight.data).data();
  float* scales_out = host_span<float>(weight.scales).data();
  // Item: a block of a matrix. What fills up a matrix's last block stays zero.
  split(weight.n_matrices * n_blocks, n_chunks * kBlockRows, [&](int64_t first, int64_t last) noexcept {
    for (int64_t item = first; item < last; ++item) {
      const int64_t matrix_index = item / n_blocks;
      const int64_t first_row = item % n_blocks * kBlockRows;
      const int64_t n_rows = std::min(kBlockRows, weight.rows - first_row);
      for (int64_t r = 0; r < n_rows; ++r) {
        const int64_t row = matrix_index * weight.rows + first_row + r;
        for (int64_t c = 0; c < n_chunks; ++c)
          words_out[(item * n_chunks + c) * kBlockRows + r] = row_words[row * n_chunks + c];
        for (int64_t g = 0; g < n_groups; ++g)
          scales_out[(item * n_groups + g) * kBlockRows + r] =
              row_scales[static_cast<size_t>(row * n_groups + g)];
      }
    }
  });
  return weight;
}

}  // namespace tritium
