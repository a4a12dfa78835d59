#include "tests/bench/machine_limits.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "cpu/cpu_backend.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace tritium {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// The shortest of several runs, at least 3 and for at least 60 ms.
template <typename Work>
double shortest_seconds(const Work& work) {
  double best = 1e9;
  const auto start = Clock::now();
  for (int round = 0; round < 3 || seconds_since(start) < 0.06; ++round) {
    const auto begin = Clock::now();
    work();
    best = std::min(best, seconds_since(begin));
  }
  return best;
}

std::atomic<int64_t> sink;  // keeps results alive

// 8 independent sums; with prefetching like the kernels'.
#if defined(__x86_64__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
int64_t
sum_of(const int64_t* values, int64_t n) {
  int64_t sums[64] = {};
  for (int64_t i = 0; i + 64 <= n; i += 64) {
    for (int line = 0; line < 8; ++line) __builtin_prefetch(values + i + 256 + 8 * line);
    for (int lane = 0; lane < 64; ++lane) sums[lane] += values[i + lane];
  }
  int64_t sum = 0;
  for (int64_t s : sums) sum += s;
  return sum;
}

#if defined(__x86_64__)
// Enough independent sums for latency * throughput: 12 in 32 registers, 8 in 16.
constexpr int kSteps = 4'000'000;

__attribute__((target("avx512f,avx512vnni"))) int64_t dot_products_vnni() {
  __m512i sums[12];
  for (auto& sum : sums) sum = _mm512_setzero_si512();
  __m512i a = _mm512_set1_epi8(1);
  __m512i b = _mm512_set1_epi8(2);
  for (int i = 0; i < kSteps / 12; ++i) {
    asm volatile("" : "+v"(a), "+v"(b));  // or the loop would be folded
    for (auto& sum : sums) sum = _mm512_dpbusd_epi32(sum, a, b);
  }
  int64_t total = 0;
  for (const auto& sum : sums) total += _mm512_cvtsi512_si32(sum);
  return total;
}

__attribute__((target("avx2"))) int64_t dot_products_avx2() {
  __m256i sums[8];
  for (auto& sum : sums) sum = _mm256_setzero_si256();
  __m256i a = _mm256_set1_epi8(1);
  __m256i b = _mm256_set1_epi8(1);
  for (int i = 0; i < kSteps / 8; ++i)
    for (auto& sum : sums) {
      asm volatile("" : "+x"(a), "+x"(b));
      sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(a, b));
    }
  int64_t total = 0;
  for (const auto& sum : sums) total += _mm256_extract_epi16(sum, 0);
  return total;
}
#endif

}  // namespace

double read_bandwidth_gb_s(ThreadPool& pool, int64_t bytes) {
  const int64_t n = bytes / 8 / 64 * 64;
  constexpr size_t kPage = size_t{2} << 20;
  const size_t allocated = (static_cast<size_t>(bytes) + kPage - 1) / kPage * kPage;
  const std::unique_ptr<int64_t, decltype(&std::free)> values(
      static_cast<int64_t*>(std::aligned_alloc(kPage, allocated)), std::free);
  if (!values) return 0;
#if defined(__linux__)
  madvise(values.get(), allocated, MADV_HUGEPAGE);  // as the backend's weights
#endif
  std::memset(values.get(), 0, allocated);
  // Small buffers are read many times in a run, so that starting the threads does not count.
  const int64_t repeats = std::max<int64_t>(1, (int64_t{64} << 20) / bytes);
  const double seconds = shortest_seconds([&] {
    pool.run(n / 64, [&](int64_t first, int64_t last) noexcept {
      for (int64_t r = 0; r < repeats; ++r) sink += sum_of(values.get() + first * 64, (last - first) * 64);
    });
  });
  return static_cast<double>(n * 8 * repeats) / seconds * 1e-9;
}

double int8_peak_gop_s(ThreadPool& pool) {
#if defined(__x86_64__)
  const std::string level = simd_level();
  const int64_t products = level == "avx512-vnni" ? 64 : level == "avx2" ? 32 : 0;
  if (products == 0) return 0;
  const double seconds = shortest_seconds([&] {
    pool.for_each(pool.threads(),
                  [&](int64_t) noexcept { sink += products == 64 ? dot_products_vnni() : dot_products_avx2(); });
  });
  const int64_t steps = products == 64 ? kSteps / 12 * 12 : kSteps / 8 * 8;
  return 2.0 * static_cast<double>(products * steps * pool.threads()) / seconds * 1e-9;
#else
  (void)pool;
  return 0;
#endif
}

}  // namespace tritium
