// Loops that compilers make vectors of: of the base instruction set, and on x86 of AVX2 and AVX-512, too.
#include "api/logit_blocks.h"

#include <limits>

namespace tritium {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr size_t kLanes = LogitLimits::kLanes;

[[gnu::always_inline]] inline void look(const float* logits, size_t n_blocks, float* largest_of_block,
                                        LogitLimits& limits) {
  float lowest[kLanes];
  int32_t nans[kLanes];
  for (size_t lane = 0; lane < kLanes; ++lane) {
    lowest[lane] = limits.lowest[lane];
    nans[lane] = limits.not_a_number[lane];
  }
  for (size_t b = 0; b < n_blocks; ++b) {
    const float* block = logits + b * kLogitBlock;
    float largest[kLanes];
    for (float& l : largest) l = -kInfinity;
    for (size_t i = 0; i < kLogitBlock; i += kLanes)
      for (size_t lane = 0; lane < kLanes; ++lane) {
        const float l = block[i + lane];
        largest[lane] = l > largest[lane] ? l : largest[lane];
        const float low = l > -kInfinity ? l : kInfinity;
        lowest[lane] = low < lowest[lane] ? low : lowest[lane];
        nans[lane] += l != l ? 1 : 0;
      }
    for (size_t half = kLanes / 2; half > 0; half /= 2)
      for (size_t lane = 0; lane < half; ++lane)
        largest[lane] = largest[lane + half] > largest[lane] ? largest[lane + half] : largest[lane];
    largest_of_block[b] = largest[0];
  }
  for (size_t lane = 0; lane < kLanes; ++lane) {
    limits.lowest[lane] = lowest[lane];
    limits.not_a_number[lane] = nans[lane];
  }
}

[[gnu::always_inline]] inline bool find(const float* logits, float least, float most, uint8_t* inside) {
  int32_t any = 0;
  for (size_t i = 0; i < kLogitBlock; ++i)
    any |= static_cast<int32_t>(logits[i] >= least) & static_cast<int32_t>(logits[i] <= most);
  if (any == 0) return false;
  for (size_t i = 0; i < kLogitBlock; ++i)
    inside[i] = static_cast<uint8_t>(static_cast<int>(logits[i] >= least) & static_cast<int>(logits[i] <= most));
  return true;
}

struct Loops {
  void (*look)(const float*, size_t, float*, LogitLimits&);
  bool (*find)(const float*, float, float, uint8_t*);
};

void look_base(const float* l, size_t n, float* largest, LogitLimits& limits) { look(l, n, largest, limits); }
bool find_base(const float* l, float least, float most, uint8_t* inside) { return find(l, least, most, inside); }
constexpr Loops kBase = {look_base, find_base};

#if defined(__x86_64__)
[[gnu::target("avx2")]] void look_avx2(const float* l, size_t n, float* largest, LogitLimits& limits) {
  look(l, n, largest, limits);
}
[[gnu::target("avx2")]] bool find_avx2(const float* l, float least, float most, uint8_t* inside) {
  return find(l, least, most, inside);
}
[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")]] void look_avx512(const float* l, size_t n,
                                                                                               float* largest,
                                                                                               LogitLimits& limits) {
  look(l, n, largest, limits);
}
[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")]] bool find_avx512(const float* l,
                                                                                               float least, float most,
                                                                                               uint8_t* inside) {
  return find(l, least, most, inside);
}

Loops best_loops() {
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return {look_avx512, find_avx512};
  return __builtin_cpu_supports("avx2") ? Loops{look_avx2, find_avx2} : kBase;
}
#else
Loops best_loops() { return kBase; }
#endif

const Loops& loops() {
  static const Loops best = best_loops();
  return best;
}

}  // namespace

void look_at_blocks(const float* logits, size_t n_blocks, float* largest_of_block, LogitLimits& limits) {
  loops().look(logits, n_blocks, largest_of_block, limits);
}

bool find_inside(const float* logits, float least, float most, uint8_t* inside) {
  return loops().find(logits, least, most, inside);
}

}  // namespace tritium
