#pragma once

#include "ops/op.h"
#include "shaders/params/embedding_backward.h"

namespace tritium {

namespace cpu_ref {
void embedding_backward(const EmbeddingBackwardParams& p, std::span<const int32_t> tokens, std::span<const float> dy,
                        std::span<float> dtable);
}

// dtable[tokens[t]] += dy[t], in ascending t
struct EmbeddingBackward {
  static constexpr std::string_view kName = "embedding_backward";
  static constexpr double kTolerance = kLongSum;
  static constexpr auto reference = cpu_ref::embedding_backward;
  Tensor tokens;  // i32 [T], each in 0..vocab-1
  Tensor dy;      // f32 [T, dim]
  Tensor dtable;  // f32 [vocab, dim], +=

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.tokens), f(Role::input, op.dy), f(Role::in_out, op.dtable);
  }

  EmbeddingBackwardParams params() const {
    return {.n_tokens = u32(dy.shape[0]), .vocab_size = u32(dtable.shape[0]), .dim = u32(dy.shape[1])};
  }

  Status check() const {
    Checker c(kName);
    c.f32_of_rank("dy", dy, 2), c.f32_of_rank("dtable", dtable, 2);
    if (!c.ok()) return c.status();
    return c.tensor("tokens", tokens, DType::i32, {dy.shape[0]})
        .that(dy.shape[1] == dtable.shape[1], "dy and dtable must have the same columns")
        .status();
  }
};

}  // namespace tritium
