#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "ops/all.h"

namespace tritium {

namespace {

// Of neighbours in one sequence.
std::vector<int32_t> rows_from(int32_t position, int32_t tokens) {
  std::vector<int32_t> rows;
  for (int32_t t = 0; t < tokens; ++t) {
    rows.push_back(position + t);
    rows.push_back(0);
  }
  return rows;
}

AttentionParams one_head(uint32_t tokens, uint32_t window) {
  return {
      .n_tokens = tokens, .n_heads = 1, .n_kv_heads = 1, .key_dim = 1, .value_dim = 1, .window = window, .scale = 1.0f};
}

void attend(const AttentionParams& p, const std::vector<float>& q, const std::vector<int32_t>& rows,
            const std::vector<float>& k, const std::vector<float>& v, std::vector<float>& y) {
  cpu_ref::attention(p, q, rows, std::as_bytes(std::span(k)), std::as_bytes(std::span(v)), {}, {}, y);
}

}  // namespace

TEST(AttentionReference, EqualScoresGiveTheMeanOfTheVisibleValues) {
  const std::vector<float> q = {0, 0, 0}, k = {1, 2, 3, 4, 5}, v = {10, 20, 30, 40, 50};
  std::vector<float> y(3);
  attend(one_head(3, 0), q, rows_from(2, 3), k, v, y);
  EXPECT_FLOAT_EQ(y[0], 20.0f);  // keys 0 … 2
  EXPECT_FLOAT_EQ(y[1], 25.0f);
  EXPECT_FLOAT_EQ(y[2], 30.0f);
}

TEST(AttentionReference, AWindowOfWSeesTheLastWKeysItselfIncluded) {
  const std::vector<float> q = {0}, k(5, 0.0f), v = {10, 20, 30, 40, 50};
  std::vector<float> y(1);
  attend(one_head(1, 2), q, rows_from(4, 1), k, v, y);
  EXPECT_FLOAT_EQ(y[0], 45.0f);
}

TEST(AttentionReference, AWindowLongerThanThePastChangesNothing) {
  const std::vector<float> q = {0.3f}, k = {1, -1, 0.5f}, v = {1, 2, 3};
  std::vector<float> all(1), windowed(1);
  attend(one_head(1, 0), q, rows_from(2, 1), k, v, all);
  attend(one_head(1, 3), q, rows_from(2, 1), k, v, windowed);
  EXPECT_EQ(all, windowed);
}

TEST(AttentionReference, WeightsAreTheSoftmaxOfScaledScores) {
  const std::vector<float> q = {2}, k = {1, 3}, v = {0, 1};
  std::vector<float> y(1);
  AttentionParams p = one_head(1, 0);
  p.scale = 0.25f;
  attend(p, q, rows_from(1, 1), k, v, y);
  EXPECT_NEAR(y[0], 1.0 / (1.0 + std::exp(-1.0)), 1e-7);  // scores 0.5 and 1.5
}

TEST(AttentionReference, QueryHeadsShareTheKvHeadOfTheirGroup) {
  const std::vector<float> q(4, 0.0f), k(2, 0.0f), v = {7, 9};
  std::vector<float> y(4);
  attend({.n_tokens = 1, .n_heads = 4, .n_kv_heads = 2, .key_dim = 1, .value_dim = 1, .window = 0, .scale = 1.0f}, q,
         rows_from(0, 1), k, v, y);
  EXPECT_EQ(y, (std::vector<float>{7, 7, 9, 9}));
}

// Keys and values that both types hold.
TEST(AttentionReference, CachesOfCodesMeanTheirProductsWithTheScales) {
  const std::vector<float> q = {2, -1, 0.5f, 3};
  const std::vector<float> k = {0.5f, 1, -1.5f, 0, 2, -4, 6, 8}, v = {3, 0, -6, 9, 10, 5, -5, 0};
  const std::vector<int8_t> k_codes = {1, 2, -3, 0, 1, -2, 3, 4}, v_codes = {1, 0, -2, 3, 2, 1, -1, 0};
  const std::vector<float> k_scales = {0.5f, 2}, v_scales = {3, 5};
  AttentionParams p = one_head(1, 0);
  p.key_dim = p.value_dim = 4;
  p.scale = 0.1f;
  std::vector<float> of_floats(4), of_codes(4);
  attend(p, q, rows_from(1, 1), k, v, of_floats);
  p.cache_dtype = TRITIUM_DTYPE_I8;
  cpu_ref::attention(p, q, rows_from(1, 1), std::as_bytes(std::span(k_codes)), std::as_bytes(std::span(v_codes)),
                     k_scales, v_scales, of_codes);
  EXPECT_EQ(of_codes, of_floats);
}

}  // namespace tritium
