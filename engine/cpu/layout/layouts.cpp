#include "cpu/layout/layouts.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <new>
#include <vector>

#include "base/available_memory.h"
#include "base/cancel.h"
#include "cpu_ref/host_memory.h"

namespace tritium::cpu {
namespace {

// What is smaller may stay in a cache from token to token, where two bits are faster.
constexpr int64_t kLargeBytes = int64_t{1} << 20;

// One token times a matrix of 128 MB, of which a cache of 32 MB has nothing left when it is read again: seconds for
// each layout. The matrix is all zeros, which takes no other time.
class Trial {
 public:
  explicit Trial(const TernaryKernels& kernels) : kernels_(kernels) {}

  double seconds(int64_t row_words) {
    const TernaryProduct product = {
        .layout = layout_,
        .trits = {.words = reinterpret_cast<const uint32_t*>(row_words == kChunks ? two_bit_.data() : base3_.data()),
                  .row_words = row_words},
        .weight_scales = scales_.data(),
        .used_chunks = kChunks,
        .segment_chunks = kChunks,
        .group_chunks = kChunks,
        .block_chunks = kChunks,
        .packed = packed_.data(),
        .sums = &sum_,
        .packed_scales = &scale_,
        .n_tokens = 1,
        .y_rows = &row_,
        .y = y_.data()};
    const auto start = std::chrono::steady_clock::now();
    kernels_.ternary_matmul(product, 0, kBlocks);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  static constexpr int64_t kChunks = 160;

 private:
  static constexpr int64_t kBlocks = (int64_t{128} << 20) / (kChunks * kBlockRows * 4);

  const TernaryKernels& kernels_;
  const Rows32 layout_ = {.rows = kBlocks * kBlockRows, .chunks = kChunks, .groups = 1};
  HostBuffer two_bit_{static_cast<size_t>(kBlocks * kBlockRows * kChunks * 4)};
  HostBuffer base3_{static_cast<size_t>(kBlocks * kBlockRows * base3_words(kChunks) * 4)};
  std::vector<int8_t> packed_ = std::vector<int8_t>(static_cast<size_t>(kChunks * kernels_.packed_chunk_bytes));
  std::vector<float> scales_ = std::vector<float>(static_cast<size_t>(kBlocks * kBlockRows));
  std::vector<float> y_ = std::vector<float>(static_cast<size_t>(kBlocks * kBlockRows));
  int32_t sum_ = 0, row_ = 0;
  float scale_ = 0;
};

}  // namespace

bool Layouts::base3_is_faster() const {
  constexpr uint64_t kEnough = uint64_t{1} << 30;  // of memory: the trial takes a quarter of it for a moment
  if (!kernels_.base3) return false;
  std::call_once(measured_, [&] {
    const uint64_t available = available_memory();
    if (available != 0 && available < kEnough) return;
    try {
      Trial trial(kernels_);
      std::array<double, 2> least;
      least.fill(std::numeric_limits<double>::max());
      for (int round = 0; round < 4; ++round) {
        check_cancelled();  // then who asks next measures
        least[0] = std::min(least[0], trial.seconds(Trial::kChunks));
        check_cancelled();
        least[1] = std::min(least[1], trial.seconds(base3_words(Trial::kChunks)));
      }
      // Prompts are a little slower from base3: it must be worth it.
      faster_ = least[1] < 0.95 * least[0];
    } catch (const std::bad_alloc&) {
      faster_ = false;  // no memory to find out
    }
  });
  return faster_;
}

bool Layouts::takes_base3(int64_t rows, int64_t chunks) const {
  if (wanted_ == WeightLayout::two_bit || chunks > kMostChunksOfBase3) return false;
  return wanted_ == WeightLayout::base3 || (rows * chunks * 4 >= kLargeBytes && base3_is_faster());
}

std::string_view Layouts::name() const {
  if (wanted_ == WeightLayout::base3) return "rows32-base3";
  return wanted_ == WeightLayout::automatic && kernels_.base3 ? "rows32-auto" : "rows32";
}

}  // namespace tritium::cpu
