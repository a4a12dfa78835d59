// Products with packed trits of many shapes, on two families of kernels side by side.
#pragma once

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "base/format_text.h"
#include "cpu/backend.h"
#include "tests/cpu/cpu_test.h"

namespace tritium {

// The portable kernels, but for these.
inline std::unique_ptr<Backend> portable_with(const cpu::TernaryKernels& ternary, int threads) {
  cpu::KernelSet kernels = cpu::kPortableKernels;
  kernels.ternary = ternary;
  return std::make_unique<CpuBackend>(kernels, CpuOptions{.threads = threads});
}

inline std::unique_ptr<Backend> by_vectors() { return portable_with(cpu::kPortableKernels.ternary, 1); }

// Rows of activations, of the weight, columns; weight scales for `group` columns (0: one a row).
struct TernaryShape {
  int64_t tokens, rows, cols, group = 0;
  bool per_block = false;  // activation scales for 256 columns each
  std::string text() const {
    return join(tokens, " tokens, ", rows, "x", cols, ", group ", group, per_block ? ", per block" : "");
  }
};

inline Outcome ternary_product(std::unique_ptr<Backend> tested, const TernaryShape& s) {
  return side_by_side(std::move(tested), by_vectors(), 7, [&](Ops& ops, cases::CaseInputs& in) {
    const auto x = in.quantized(s.tokens, s.cols, s.per_block);
    const auto granularity = s.group ? ScaleGranularity::group : ScaleGranularity::row;
    ops(TernaryMatmul{.q = x.q,
                      .scales = x.scales,
                      .weight = in.ternary(1, s.rows, s.cols, granularity, s.group),
                      .expert_ids = {},
                      .y = in.zeros({s.tokens, s.rows})});
  });
}

// Expert e of n_experts has e rows of activations.
inline Outcome product_of_experts(std::unique_ptr<Backend> tested, int64_t n_experts, bool per_block) {
  constexpr int64_t kRows = 35, kCols = 512;
  std::vector<int32_t> ids;
  for (int32_t expert = 0; expert < n_experts; ++expert) ids.insert(ids.end(), static_cast<size_t>(expert), expert);
  for (size_t i = ids.size(); i > 1; --i) std::swap(ids[i - 1], ids[i * 7919 % i]);
  const auto n = static_cast<int64_t>(ids.size());
  return side_by_side(std::move(tested), by_vectors(), 3, [&](Ops& ops, cases::CaseInputs& in) {
    const auto x = in.quantized(n, kCols, per_block);
    ops(TernaryMatmul{.q = x.q,
                      .scales = x.scales,
                      .weight = in.ternary(n_experts, kRows, kCols, ScaleGranularity::group, 128),
                      .expert_ids = in.ints({n, 1}, ids),
                      .y = in.zeros({n, kRows})});
  });
}

inline void expect_equal_to_the_bit(const Outcome& outcome, const std::string& what) {
  EXPECT_TRUE(outcome.status.ok()) << what << ": " << outcome.status.message();
  EXPECT_EQ(outcome.worst_error, 0.0) << what;
}

}  // namespace tritium
