// (a, b) -> (a cos - b sin, a sin + b cos) for the leading pairs of every head.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/elementwise.h"

namespace tritium::cpu {
namespace {

constexpr int64_t kRopePairs = 128;  // angles taken apart at a time, for all heads of a token

// Pairs first … first + n - 1 of one head, which lie `halves` values apart.
template <typename V>
void rotate_halves(const float* x, float* y, int64_t halves, const float* cosine, const float* sine, int64_t n) {
  for_vectors<V>(
      0, n, [=](int64_t i, int64_t count) __attribute__((always_inline)) {
        const auto a = load_up_to<V>(x + i, count);
        const auto b = load_up_to<V>(x + halves + i, count);
        const auto c = load_up_to<V>(cosine + i, count);
        const auto s = load_up_to<V>(sine + i, count);
        store_up_to<V>(y + i, a * c - b * s, count);
        store_up_to<V>(y + halves + i, a * s + b * c, count);
      });
}

// n / 2 neighbouring pairs; cosine holds each value twice, sine holds -sin, sin: x cos + swapped(x) * (-sin,
// sin).
template <typename V>
void rotate_neighbours(const float* x, float* y, const float* cosine, const float* sine, int64_t n) {
  for_vectors<V>(
      0, n, [=](int64_t i, int64_t count) __attribute__((always_inline)) {
        const auto v = load_up_to<V>(x + i, count);
        const auto rotated = v * load_up_to<V>(cosine + i, count) + V::swap_pairs(v) * load_up_to<V>(sine + i, count);
        store_up_to<V>(y + i, rotated, count);
      });
}

template <typename V>
void rope(const RopeParams& p, Range tokens, const float* x, const int32_t* rows, const float* cos_sin, float* y) {
  const int64_t n_pairs = p.n_rotated / 2;
  const bool halves = p.pairing == 1;
  for (int64_t t = tokens.first; t < tokens.last; ++t)
    for (int64_t start = 0; start < n_pairs || start == 0; start += kRopePairs) {
      const int64_t n = n_pairs - start < kRopePairs ? n_pairs - start : kRopePairs;
      float cosine[2 * kRopePairs];
      float sine[2 * kRopePairs];
      for (int64_t i = 0; i < n; ++i) {
        const float* angle = cos_sin + (rows[2 * t] * n_pairs + start + i) * 2;
        const float turn = p.inverse ? -angle[1] : angle[1];
        if (halves) {
          cosine[i] = angle[0];
          sine[i] = turn;
        } else {
          cosine[2 * i] = cosine[2 * i + 1] = angle[0];
          sine[2 * i] = -turn;
          sine[2 * i + 1] = turn;
        }
      }
      for (int64_t h = 0; h < p.n_heads; ++h) {
        const int64_t head = (t * p.n_heads + h) * p.head_dim;
        if (halves) {
          rotate_halves<V>(x + head + start, y + head + start, n_pairs, cosine, sine, n);
        } else {
          rotate_neighbours<V>(x + head + 2 * start, y + head + 2 * start, cosine, sine, 2 * n);
        }
        if (start == 0)
          __builtin_memcpy(y + head + p.n_rotated, x + head + p.n_rotated,
                           4 * static_cast<size_t>(p.head_dim - p.n_rotated));
      }
    }
}

}  // namespace
}  // namespace tritium::cpu
