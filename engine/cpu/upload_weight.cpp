// Ternary weights into the layout of this backend, and back.
#include <new>

#include "cpu/backend.h"
#include "cpu/layout/pack_rows32.h"
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

Result<Weight> CpuBackend::upload_weight(const TernaryMatrix& matrix, const std::string& debug_name) {
  Weight weight = describe_weight(matrix, debug_name);
  Result<Tensor> data = allocate(cpu::words_shape(weight), DType::trit2, debug_name);
  if (!data.ok()) return data.status();
  weight.data = *data;
  Result<Tensor> scales = allocate(cpu::scales_shape(weight), DType::f32, debug_name + ".scales");
  if (!scales.ok()) return scales.status();
  weight.scales = *scales;

  const std::vector<float> row_scales = kernel_scales(matrix);
  forget_and_use_large_pages(host_span<std::byte>(weight.data));
  uint32_t* words_out = host_span<uint32_t>(weight.data).data();
  float* scales_out = host_span<float>(weight.scales).data();
  const cpu::Rows32 layout = cpu::rows32_of(weight);
  split(weight.n_matrices * layout.blocks(), matrix.words_per_row() * cpu::kBlockRows,
        [&](int64_t first, int64_t last) noexcept {
          for (int64_t block = first; block < last; ++block)
            cpu::pack_block(layout, block, matrix.words().data(), row_scales.data(), words_out, scales_out);
        });
  return weight;
}

Result<TernaryMatrix> CpuBackend::download_weight(const Weight& weight) try {
  std::vector<uint32_t> row_words;
  std::vector<float> row_scales;
  for (int64_t row = 0; row < weight.n_matrices * weight.rows; ++row)
    cpu::unpack_row(cpu::rows32_of(weight), row, host_span<uint32_t>(weight.data).data(),
                    host_span<float>(weight.scales).data(), row_words, row_scales);
  return matrix_of(weight, row_words, row_scales);
} catch (const std::bad_alloc&) {
  return Status(StatusCode::out_of_memory, weight.name + ": no memory to copy its trits");
}

}  // namespace tritium
