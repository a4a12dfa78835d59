#include "bench/peaks.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "cpu/cpu_backend.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace tritium::bench {
namespace {

std::atomic<int64_t> sink;  // keeps results alive
constexpr int kSteps = 4096;

#if defined(__x86_64__)
// As many independent sums as latency * throughput needs and registers hold: 12 of 32 or of 16.
__attribute__((target("avx512f,avx512vnni"))) double dot_avx512_vnni() {
  constexpr int kSums = 12;
  __m512i sums[kSums];
  for (auto& sum : sums) sum = _mm512_setzero_si512();
  __m512i a = _mm512_set1_epi8(1), b = _mm512_set1_epi8(2);
  for (int i = 0; i < kSteps; ++i) {
    asm volatile("" : "+v"(a), "+v"(b));  // or the loop would be folded
    for (auto& sum : sums) sum = _mm512_dpbusd_epi32(sum, a, b);
  }
  for (const auto& sum : sums) sink += _mm512_cvtsi512_si32(sum);
  return 2.0 * 64 * kSums * kSteps;
}

// Spelled out: GCC 12 keeps an array of these sums in memory.
__attribute__((target("avxvnni,avx2"))) double dot_avx_vnni() {
  constexpr int kSums = 12;
  __m256i a = _mm256_set1_epi8(1), b = _mm256_set1_epi8(2);
  __m256i s0 = a, s1 = a, s2 = a, s3 = a, s4 = a, s5 = a, s6 = a, s7 = a, s8 = a, s9 = a, s10 = a, s11 = a;
  for (int i = 0; i < kSteps; ++i) {
    asm volatile("" : "+x"(a), "+x"(b));
    s0 = _mm256_dpbusd_avx_epi32(s0, a, b);
    s1 = _mm256_dpbusd_avx_epi32(s1, a, b);
    s2 = _mm256_dpbusd_avx_epi32(s2, a, b);
    s3 = _mm256_dpbusd_avx_epi32(s3, a, b);
    s4 = _mm256_dpbusd_avx_epi32(s4, a, b);
    s5 = _mm256_dpbusd_avx_epi32(s5, a, b);
    s6 = _mm256_dpbusd_avx_epi32(s6, a, b);
    s7 = _mm256_dpbusd_avx_epi32(s7, a, b);
    s8 = _mm256_dpbusd_avx_epi32(s8, a, b);
    s9 = _mm256_dpbusd_avx_epi32(s9, a, b);
    s10 = _mm256_dpbusd_avx_epi32(s10, a, b);
    s11 = _mm256_dpbusd_avx_epi32(s11, a, b);
  }
  for (const __m256i sum : {s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11}) sink += _mm256_extract_epi32(sum, 0);
  return 2.0 * 32 * kSums * kSteps;
}

// Pairs of products as 16 bits, and their addition: what AVX2 has.
__attribute__((target("avx2"))) double dot_avx2() {
  constexpr int kSums = 8;
  __m256i sums[kSums];
  for (auto& sum : sums) sum = _mm256_setzero_si256();
  __m256i a = _mm256_set1_epi8(1), b = _mm256_set1_epi8(1);
  for (int i = 0; i < kSteps; ++i)
    for (auto& sum : sums) {
      asm volatile("" : "+x"(a), "+x"(b));
      sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(a, b));
    }
  for (const auto& sum : sums) sink += _mm256_extract_epi16(sum, 0);
  return 2.0 * 32 * kSums * kSteps;
}

double dot_portable() {
  constexpr int kSums = 8;
  __m128i sums[kSums];
  for (auto& sum : sums) sum = _mm_setzero_si128();
  __m128i a = _mm_set1_epi16(1), b = _mm_set1_epi16(1);
  for (int i = 0; i < kSteps; ++i)
    for (auto& sum : sums) {
      asm volatile("" : "+x"(a), "+x"(b));
      sum = _mm_add_epi32(sum, _mm_madd_epi16(a, b));
    }
  for (const auto& sum : sums) sink += _mm_cvtsi128_si32(sum);
  return 2.0 * 8 * kSums * kSteps;
}

__attribute__((target("avx512f"))) double fma_avx512() {
  constexpr int kSums = 12;
  __m512 sums[kSums];
  for (auto& sum : sums) sum = _mm512_setzero_ps();
  __m512 a = _mm512_set1_ps(0.5f), b = _mm512_set1_ps(0.25f);
  for (int i = 0; i < kSteps; ++i) {
    asm volatile("" : "+v"(a), "+v"(b));
    for (auto& sum : sums) sum = _mm512_fmadd_ps(a, b, sum);
  }
  for (const auto& sum : sums) sink += static_cast<int64_t>(_mm512_cvtss_f32(sum));
  return 2.0 * 16 * kSums * kSteps;
}

__attribute__((target("avx2,fma"))) double fma_avx2() {
  constexpr int kSums = 12;
  __m256 sums[kSums];
  for (auto& sum : sums) sum = _mm256_setzero_ps();
  __m256 a = _mm256_set1_ps(0.5f), b = _mm256_set1_ps(0.25f);
  for (int i = 0; i < kSteps; ++i) {
    asm volatile("" : "+x"(a), "+x"(b));
    for (auto& sum : sums) sum = _mm256_fmadd_ps(a, b, sum);
  }
  for (const auto& sum : sums) sink += static_cast<int64_t>(_mm256_cvtss_f32(sum));
  return 2.0 * 8 * kSums * kSteps;
}

double fma_portable() {
  constexpr int kSums = 8;
  __m128 sums[kSums];
  for (auto& sum : sums) sum = _mm_setzero_ps();
  __m128 a = _mm_set1_ps(0.5f), b = _mm_set1_ps(0.25f);
  for (int i = 0; i < kSteps; ++i)
    for (auto& sum : sums) {
      asm volatile("" : "+x"(a), "+x"(b));
      sum = _mm_add_ps(sum, _mm_mul_ps(a, b));
    }
  for (const auto& sum : sums) sink += static_cast<int64_t>(_mm_cvtss_f32(sum));
  return 2.0 * 4 * kSums * kSteps;
}

#if !defined(_WIN32)  // as no rung of the cpu backend has them there
constexpr int kTileRows = 16, kTileBytes = 64;

// Four accumulators, each of two of the four tiles: 16 x 16 sums over 64 columns an instruction.
__attribute__((target("amx-tile,amx-int8"))) double tiles_int8() {
  alignas(64) struct {
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t column_bytes[16] = {};
    uint8_t rows[16] = {};
  } config;
  for (int tile = 0; tile < 8; ++tile) config.column_bytes[tile] = kTileBytes, config.rows[tile] = kTileRows;
  alignas(64) int8_t ones[kTileRows * kTileBytes];
  alignas(64) int32_t sums[kTileRows * kTileBytes / 4];
  std::memset(ones, 1, sizeof ones);
  // GCC's intrinsics do not say that they read memory (amxtileintrin.h): it must be written before them.
  asm volatile("" : : "r"(&config), "r"(ones) : "memory");
  _tile_loadconfig(&config);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_loadd(4, ones, kTileBytes);
  _tile_loadd(5, ones, kTileBytes);
  _tile_loadd(6, ones, kTileBytes);
  _tile_loadd(7, ones, kTileBytes);
  constexpr int kRounds = kSteps / 8;
  for (int i = 0; i < kRounds; ++i) {
    _tile_dpbssd(0, 4, 6);
    _tile_dpbssd(1, 4, 7);
    _tile_dpbssd(2, 5, 6);
    _tile_dpbssd(3, 5, 7);
  }
  _tile_stored(0, sums, kTileBytes);
  _tile_release();
  sink += sums[0];
  return 2.0 * 16 * 16 * 64 * 4 * kRounds;
}
#endif
#elif defined(__aarch64__)
// clang offers these instructions only to code for processors that all have them.
#if defined(__ARM_FEATURE_DOTPROD) || !defined(__clang__)
#define TRITIUM_BENCH_DOTPROD
#if !defined(__clang__)
__attribute__((target("arch=armv8.2-a+dotprod")))
#endif
double
dot_neon_dotprod() {
  constexpr int kSums = 12;
  int32x4_t sums[kSums];
  for (auto& sum : sums) sum = vdupq_n_s32(0);
  int8x16_t a = vdupq_n_s8(1), b = vdupq_n_s8(2);
  for (int i = 0; i < kSteps; ++i) {
    asm volatile("" : "+w"(a), "+w"(b));
    for (auto& sum : sums) sum = vdotq_s32(sum, a, b);
  }
  for (const auto& sum : sums) sink += vgetq_lane_s32(sum, 0);
  return 2.0 * 16 * kSums * kSteps;
}
#endif

#if defined(__ARM_FEATURE_MATMUL_INT8) || !defined(__clang__)
#define TRITIUM_BENCH_I8MM
#if !defined(__clang__)
__attribute__((target("arch=armv8.2-a+i8mm")))
#endif
double
dot_neon_i8mm() {
  constexpr int kSums = 12;
  int32x4_t sums[kSums];
  for (auto& sum : sums) sum = vdupq_n_s32(0);
  uint8x16_t a = vdupq_n_u8(1);
  int8x16_t b = vdupq_n_s8(2);
  for (int i = 0; i < kSteps; ++i) {
    asm volatile("" : "+w"(a), "+w"(b));
    for (auto& sum : sums) sum = vusmmlaq_s32(sum, a, b);
  }
  for (const auto& sum : sums) sink += vgetq_lane_s32(sum, 0);
  return 2.0 * 32 * kSums * kSteps;
}
#endif

double dot_portable() {
  constexpr int kSums = 12;
  int16x8_t sums[kSums];
  for (auto& sum : sums) sum = vdupq_n_s16(0);
  int8x8_t a = vdup_n_s8(0), b = vdup_n_s8(1);
  for (int i = 0; i < kSteps; ++i) {
    asm volatile("" : "+w"(a), "+w"(b));
    for (auto& sum : sums) sum = vmlal_s8(sum, a, b);
  }
  for (const auto& sum : sums) sink += vgetq_lane_s16(sum, 0);
  return 2.0 * 8 * kSums * kSteps;
}

double fma_portable() {
  constexpr int kSums = 12;
  float32x4_t sums[kSums];
  for (auto& sum : sums) sum = vdupq_n_f32(0);
  float32x4_t a = vdupq_n_f32(0.5f), b = vdupq_n_f32(0.25f);
  for (int i = 0; i < kSteps; ++i) {
    asm volatile("" : "+w"(a), "+w"(b));
    for (auto& sum : sums) sum = vfmaq_f32(sum, a, b);
  }
  for (const auto& sum : sums) sink += static_cast<int64_t>(vgetq_lane_f32(sum, 0));
  return 2.0 * 4 * kSums * kSteps;
}
#else
template <typename T>
double multiply_adds() {
  constexpr int kSums = 32;
  volatile T a = 1, b = 1;
  T sums[kSums] = {};
  for (int i = 0; i < kSteps; ++i) {
    const T x = a, y = b;
    for (T& sum : sums) sum += x * y;
  }
  for (const T sum : sums) sink += static_cast<int64_t>(sum);
  return 2.0 * kSums * kSteps;
}
double dot_portable() { return multiply_adds<int32_t>(); }
double fma_portable() { return multiply_adds<float>(); }
#endif

}  // namespace

PeakStep dot_peak_of(std::string_view rung) {
#if defined(__x86_64__)
  if (rung.starts_with("avx512") || rung.starts_with("amx"))
    return __builtin_cpu_supports("avx512vnni") ? dot_avx512_vnni : dot_avx2;
  if (rung == "avx-vnni") return dot_avx_vnni;
  if (rung.starts_with("avx2")) return dot_avx2;
#endif
#if defined(TRITIUM_BENCH_I8MM)
  if (rung == "neon-i8mm") return dot_neon_i8mm;
#endif
#if defined(TRITIUM_BENCH_DOTPROD)
  if (rung.starts_with("neon-")) return dot_neon_dotprod;
#endif
  static_cast<void>(rung);
  return dot_portable;
}

PeakStep fma_peak_of(std::string_view rung) {
#if defined(__x86_64__)
  if (rung.starts_with("avx512") || rung.starts_with("amx")) return fma_avx512;
  if (rung.starts_with("avx")) return fma_avx2;
#endif
  static_cast<void>(rung);
  return fma_portable;
}

PeakStep amx_peak() {
#if defined(__x86_64__) && !defined(_WIN32)
  if (const auto rungs = simd_levels(); std::ranges::find(rungs, "amx-int8") != rungs.end()) return tiles_int8;
#endif
  return nullptr;
}

}  // namespace tritium::bench
