// Ternary weights, as files have them row after row, into rows32, and back.
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

// Block `block` of a stack.
void pack_block(const cpu::Rows32& layout, int64_t block, const uint32_t* row_words, const float* row_scales,
                uint32_t* words, float* scales) {
  const int64_t first_row = layout.first_row(block), n_rows = layout.rows_in(block);
  for (int64_t c = 0; c < layout.chunks; ++c)
    for (int64_t r = 0; r < cpu::kBlockRows; ++r)
      words[layout.word({block, r}, c)] = r < n_rows ? row_words[(first_row + r) * layout.chunks + c] : 0;
  for (int64_t g = 0; g < layout.groups; ++g)
    for (int64_t r = 0; r < n_rows; ++r)
      scales[layout.scale({block, r}, g)] = row_scales[(first_row + r) * layout.groups + g];
}

}  // namespace

void CpuBackend::lay_out(Weight& weight) const {
  if (!weight.ternary()) return;
  const cpu::Rows32 layout = rows32_of(weight);
  weight.data.shape = {weight.n_matrices, layout.blocks() * cpu::kBlockRows, weight.row_stride};
  weight.scales.shape = {weight.n_matrices, layout.blocks(), layout.groups, cpu::kBlockRows};
}

Result<Weight> CpuBackend::upload_weight(const TernaryMatrix& matrix, const std::string& debug_name) {
  Weight weight = describe_weight(matrix, debug_name);
  const cpu::Rows32 layout = rows32_of(weight);
  lay_out(weight);
  Result<Tensor> data = allocate(weight.data.shape, weight.data.dtype, debug_name);
  if (!data.ok()) return data.status();
  weight.data = *data;
  Result<Tensor> scales = allocate(weight.scales.shape, weight.scales.dtype, debug_name + ".scales");
  if (!scales.ok()) return scales.status();
  weight.scales = *scales;

  const std::vector<float> row_scales = kernel_scales(matrix);
  forget_and_use_large_pages(host_span<std::byte>(weight.data));
  uint32_t* words_out = host_span<uint32_t>(weight.data).data();
  float* scales_out = host_span<float>(weight.scales).data();
  split(weight.n_matrices * layout.blocks(), layout.chunks * cpu::kBlockRows,
        [&](int64_t first, int64_t last) noexcept {
          for (int64_t block = first; block < last; ++block)
            pack_block(layout, block, matrix.words().data(), row_scales.data(), words_out, scales_out);
        });
  return weight;
}

Result<TernaryMatrix> CpuBackend::download_weight(const Weight& weight) try {
  const cpu::Rows32 layout = rows32_of(weight);
  const auto words = host_span<uint32_t>(weight.data);
  const auto scales = host_span<float>(weight.scales);
  std::vector<uint32_t> row_words;
  std::vector<float> row_scales;
  for (int64_t row = 0; row < weight.n_matrices * weight.rows; ++row) {
    const cpu::Rows32::Place at = layout.place_of(row);
    for (int64_t c = 0; c < layout.chunks; ++c) row_words.push_back(words[static_cast<size_t>(layout.word(at, c))]);
    for (int64_t g = 0; g < layout.groups; ++g) row_scales.push_back(scales[static_cast<size_t>(layout.scale(at, g))]);
  }
  return matrix_of(weight, row_words, row_scales);
} catch (const std::bad_alloc&) {
  return Status(StatusCode::out_of_memory, weight.name + ": no memory to copy its trits");
}

}  // namespace tritium
