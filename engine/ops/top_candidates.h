#pragma once

#include "ops/op.h"
#include "shaders/params/top_candidates.h"

namespace tritium {

namespace cpu_ref {
void top_candidates(const TopCandidatesParams& p, std::span<const float> logits, std::span<int32_t> candidates);
}

// The k largest values of each row, the largest first, the lowest index first among equals (+0 equals -0): their
// indices, then their bits. Where a value of the row is not finite, indices are -1 and bits 0. It is all that a sampler
// which keeps the k most probable tokens needs.
struct TopCandidates {
  static constexpr std::string_view kName = "top_candidates";
  static constexpr double kTolerance = kExact;
  static constexpr auto reference = cpu_ref::top_candidates;
  static constexpr int64_t kMost = 64;
  Tensor logits;      // f32 [R, n]
  Tensor candidates;  // i32 [R, 2, k], k <= min(64, n)

  static void visit(auto& op, auto&& f) { f(Role::input, op.logits), f(Role::output, op.candidates); }

  TopCandidatesParams params() const {
    return {.n_rows = u32(logits.shape[0]), .cols = u32(logits.shape[1]), .k = u32(candidates.shape[2]), .n_parts = 1};
  }

  Status check() const {
    Checker c(kName);
    c.f32_of_rank("logits", logits, 2).rank("candidates", candidates, 3);
    if (!c.ok()) return c.status();
    const int64_t k = candidates.shape[2];
    c.that(k <= kMost && k <= logits.shape[1], "k is at most 64, and no more than there are values");
    return c.tensor("candidates", candidates, DType::i32, {logits.shape[0], 2, k}).status();
  }
};

}  // namespace tritium
