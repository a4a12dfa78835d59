#pragma once

#include "ops/op.h"
#include "shaders/params/next_token.h"

namespace tritium {

namespace cpu_ref {
void next_token(const NextTokenParams& p, std::span<const int32_t> ids, std::span<int32_t> tokens,
                std::span<int32_t> rows, std::span<int32_t> ring);
}

// A pass of one token leaves what the next one reads, so that passes follow each other without the host:
//   ring[position mod n_slots] = ids[0],  tokens[0] = max(ids[0], 0),  position = rows[0] += 1
// where -1, a token that was not found (Argmax), is passed on to the host alone.
struct NextToken {
  static constexpr std::string_view kName = "next_token";
  static constexpr double kTolerance = kExact;
  static constexpr auto reference = cpu_ref::next_token;
  Tensor ids;     // i32 [1]
  Tensor tokens;  // i32 [1]
  Tensor rows;    // i32 [1, 2]
  Tensor ring;    // i32 [n_slots]

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.ids), f(Role::output, op.tokens), f(Role::in_out, op.rows), f(Role::in_out, op.ring);
  }

  NextTokenParams params() const { return {.n_slots = u32(ring.elements())}; }

  Status check() const {
    Checker c(kName);
    c.tensor("ids", ids, DType::i32, {1}).tensor("tokens", tokens, DType::i32, {1});
    c.tensor("rows", rows, DType::i32, {1, 2}).rank("ring", ring, 1);
    return (c.ok() ? c.tensor("ring", ring, DType::i32, ring.shape) : c).status();
  }
};

}  // namespace tritium
