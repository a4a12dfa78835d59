#pragma once

#include "ops/op.h"
#include "shaders/params/attention_backward.h"

namespace tritium {

namespace cpu_ref {
void attention_backward(const AttentionBackwardParams& p, std::span<const float> q, std::span<const float> k,
                        std::span<const float> v, std::span<const float> dy, std::span<float> dq, std::span<float> dk,
                        std::span<float> dv);
}

// Of `attention` with T tokens in n_sequences sequences of equal length, each from its position 0. With
// p = softmax(scale q k^T), ds = p (dy v^T - sum_j p_j (dy v_j^T)):
//   dv = p^T dy,   dq = scale ds k,   dk = scale ds^T q;   kv heads sum over the query heads that read them.
struct AttentionBackward {
  static constexpr std::string_view kName = "attention_backward";
  static constexpr double kTolerance = kLongSum;
  static constexpr auto reference = cpu_ref::attention_backward;
  Tensor q;   // f32 [T, n_heads, key_dim]
  Tensor k;   // f32 [T, n_kv_heads, key_dim]
  Tensor v;   // f32 [T, n_kv_heads, value_dim]
  Tensor dy;  // f32 [T, n_heads, value_dim]
  Tensor dq;
  Tensor dk;
  Tensor dv;
  int64_t n_sequences = 1;
  int64_t window = 0;
  float scale = 1.0f;

  static void visit(auto& op, auto&& f) {
    for (auto* t : {&op.q, &op.k, &op.v, &op.dy}) f(Role::input, *t);
    for (auto* t : {&op.dq, &op.dk, &op.dv}) f(Role::output, *t);
  }

  AttentionBackwardParams params() const {
    return {.n_sequences = u32(n_sequences),
            .sequence_length = u32(q.shape[0] / n_sequences),
            .n_heads = u32(q.shape[1]),
            .n_kv_heads = u32(k.shape[1]),
            .key_dim = u32(q.shape[2]),
            .value_dim = u32(v.shape[2]),
            .window = u32(window),
            .scale = scale};
  }

  Status check() const {
    Checker c(kName);
    c.f32_of_rank("q", q, 3), c.f32_of_rank("k", k, 3), c.f32_of_rank("v", v, 3);
    if (!c.ok()) return c.status();
    const int64_t tokens = q.shape[0];
    c.that(k.shape[0] == tokens && v.shape[0] == tokens && k.shape[1] == v.shape[1], "q, k and v must agree")
        .that(k.shape[2] == q.shape[2], "q and k must have the same head size")
        .that(q.shape[1] % k.shape[1] == 0, "query heads must be a multiple of kv heads")
        .that(n_sequences >= 1 && tokens % n_sequences == 0 && window >= 0, "sequences must be of equal length");
    c.f32("dy", dy, {tokens, q.shape[1], v.shape[2]});
    c.f32("dq", dq, q.shape), c.f32("dk", dk, k.shape), c.f32("dv", dv, v.shape);
    return c.status();
  }
};

}  // namespace tritium
