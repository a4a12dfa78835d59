#include "bench/read_loops.h"

#include <iterator>
#include <numeric>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tritium::bench {
namespace {

constexpr int64_t kPiece = 64;            // int64s
constexpr int64_t kAhead = 8 * 1024 / 8;  // of what is read: 8 KB

#if defined(__x86_64__)
template <bool kPrefetch>
__attribute__((target("avx512f"))) int64_t read_avx512(const int64_t* values, int64_t n) {
  __m512i sums[8];
  for (auto& sum : sums) sum = _mm512_setzero_si512();
  for (int64_t i = 0; i < n; i += kPiece)
    for (int line = 0; line < 8; ++line) {
      if (kPrefetch) _mm_prefetch(reinterpret_cast<const char*>(values + i + kAhead + 8 * line), _MM_HINT_T0);
      sums[line] = _mm512_add_epi64(sums[line], _mm512_load_si512(values + i + 8 * line));
    }
  for (int line = 1; line < 8; ++line) sums[0] = _mm512_add_epi64(sums[0], sums[line]);
  alignas(64) int64_t lanes[8];
  _mm512_store_si512(lanes, sums[0]);
  return std::accumulate(std::begin(lanes), std::end(lanes), int64_t{0});
}

template <bool kPrefetch>
__attribute__((target("avx2"))) int64_t read_avx2(const int64_t* values, int64_t n) {
  __m256i sums[8];
  for (auto& sum : sums) sum = _mm256_setzero_si256();
  for (int64_t i = 0; i < n; i += kPiece)
    for (int half = 0; half < 16; ++half) {
      if (kPrefetch && half % 2 == 0)
        _mm_prefetch(reinterpret_cast<const char*>(values + i + kAhead + 4 * half), _MM_HINT_T0);
      sums[half % 8] =
          _mm256_add_epi64(sums[half % 8], _mm256_load_si256(reinterpret_cast<const __m256i*>(values + i + 4 * half)));
    }
  for (int lane = 1; lane < 8; ++lane) sums[0] = _mm256_add_epi64(sums[0], sums[lane]);
  alignas(32) int64_t lanes[4];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), sums[0]);
  return std::accumulate(std::begin(lanes), std::end(lanes), int64_t{0});
}
#endif

int64_t read_portable(const int64_t* values, int64_t n) {
  int64_t sums[kPiece] = {};
  for (int64_t i = 0; i < n; i += kPiece)
    for (int64_t lane = 0; lane < kPiece; ++lane) sums[lane] += values[i + lane];
  int64_t sum = 0;
  for (const int64_t s : sums) sum += s;
  return sum;
}

}  // namespace

int64_t read_all(const int64_t* values, int64_t n, bool from_memory) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f"))
    return from_memory ? read_avx512<true>(values, n) : read_avx512<false>(values, n);
  if (__builtin_cpu_supports("avx2")) return from_memory ? read_avx2<true>(values, n) : read_avx2<false>(values, n);
#endif
  static_cast<void>(from_memory);
  return read_portable(values, n);
}

}  // namespace tritium::bench
