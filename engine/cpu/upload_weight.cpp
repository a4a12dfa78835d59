// Ternary weights into blocks of 32 rows: the words of a chunk of 16 columns side by side (kernels.h).
#include <new>

#include "cpu/backend.h"
#include "ops/weight_layout.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace tritium {
namespace {

// Asks for pages of 2 MB: a matrix read from memory then is 25 to 30 % faster. Most systems give them only to
// those who ask before the first write, and the buffer has been cleared already; so its pages go back first.
// Afterwards the contents are undefined.
void forget_and_use_large_pages([[maybe_unused]] std::span<std::byte> memory) {
#if defined(__linux__)
  constexpr uintptr_t kLarge = uintptr_t{2} << 20;
  const auto begin = (reinterpret_cast<uintptr_t>(memory.data()) + kLarge - 1) / kLarge * kLarge;
  const auto end = (reinterpret_cast<uintptr_t>(memory.data()) + memory.size()) / kLarge * kLarge;
  if (begin >= end) return;
  // Where the system refuses, nothing is lost but speed.
  if (madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE) == 0)
    madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
#endif
}

}  // namespace

void CpuBackend::lay_out(Weight& weight) const {
  if (!weight.ternary()) return;
  const int64_t n_blocks = ceil_div(weight.rows, cpu::kBlockRows);
  weight.data.shape = {weight.n_matrices, n_blocks * cpu::kBlockRows, weight.row_stride};
  weight.scales.shape = {weight.n_matrices, n_blocks, weight.groups_per_row(), cpu::kBlockRows};
}

Result<Weight> CpuBackend::upload_weight(const TernaryMatrix& matrix, const std::string& debug_name) {
  using cpu::kBlockRows;
  Weight weight = describe_weight(matrix, debug_name);
  lay_out(weight);
  const int64_t n_blocks = ceil_div(weight.rows, kBlockRows);
  const int64_t n_groups = weight.groups_per_row();
  const int64_t n_chunks = matrix.words_per_row();
  Result<Tensor> data = allocate(weight.data.shape, weight.data.dtype, debug_name);
  if (!data.ok()) return data.status();
  weight.data = *data;
  Result<Tensor> scales = allocate(weight.scales.shape, weight.scales.dtype, debug_name + ".scales");
  if (!scales.ok()) return scales.status();
  weight.scales = *scales;

  const std::vector<float> row_scales = kernel_scales(matrix);
  const uint32_t* row_words = matrix.words().data();
  forget_and_use_large_pages(host_span<std::byte>(weight.data));
  uint32_t* words_out = host_span<uint32_t>(weight.data).data();
  float* scales_out = host_span<float>(weight.scales).data();
  // Item: a block of a matrix. Rows that fill up a matrix's last block become zero.
  split(weight.n_matrices * n_blocks, n_chunks * kBlockRows, [&](int64_t first, int64_t last) noexcept {
    for (int64_t item = first; item < last; ++item) {
      const int64_t first_row = item / n_blocks * weight.rows + item % n_blocks * kBlockRows;
      const int64_t n_rows = std::min(kBlockRows, weight.rows - item % n_blocks * kBlockRows);
      uint32_t* words = words_out + item * n_chunks * kBlockRows;
      float* group_scales = scales_out + item * n_groups * kBlockRows;
      for (int64_t c = 0; c < n_chunks; ++c)
        for (int64_t r = 0; r < kBlockRows; ++r)
          words[c * kBlockRows + r] = r < n_rows ? row_words[(first_row + r) * n_chunks + c] : 0;
      for (int64_t g = 0; g < n_groups; ++g)
        for (int64_t r = 0; r < n_rows; ++r)
          group_scales[g * kBlockRows + r] = row_scales[static_cast<size_t>((first_row + r) * n_groups + g)];
    }
  });
  return weight;
}

Result<TernaryMatrix> CpuBackend::download_weight(const Weight& weight) try {
  using cpu::kBlockRows;
  const int64_t n_blocks = ceil_div(weight.rows, kBlockRows);
  const int64_t n_groups = weight.groups_per_row();
  const int64_t n_chunks = weight.row_stride / cpu::kChunkColumns;
  const auto words = host_span<uint32_t>(weight.data);
  const auto scales = host_span<float>(weight.scales);
  std::vector<uint32_t> row_words;
  std::vector<float> row_scales;
  for (int64_t row = 0; row < weight.n_matrices * weight.rows; ++row) {
    const int64_t block = row / weight.rows * n_blocks + row % weight.rows / kBlockRows;
    const int64_t lane = row % weight.rows % kBlockRows;
    for (int64_t c = 0; c < n_chunks; ++c)
      row_words.push_back(words[static_cast<size_t>((block * n_chunks + c) * kBlockRows + lane)]);
    for (int64_t g = 0; g < n_groups; ++g)
      row_scales.push_back(scales[static_cast<size_t>((block * n_groups + g) * kBlockRows + lane)]);
  }
  return matrix_of(weight, row_words, row_scales);
} catch (const std::bad_alloc&) {
  return Status(StatusCode::out_of_memory, weight.name + ": no memory to copy its trits");
}

}  // namespace tritium
