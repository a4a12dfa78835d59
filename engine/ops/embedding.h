#pragma once

#include "ops/op.h"
#include "shaders/params/embedding.h"

namespace tritium {

namespace cpu_ref {
void embedding(const EmbeddingParams& p, std::span<const std::byte> table, std::span<const float> scales,
               std::span<const int32_t> tokens, std::span<float> y);
}

// y[t] = table[tokens[t]]
struct Embedding {
  static constexpr std::string_view kName = "embedding";
  static constexpr double kTolerance = kExact;
  static constexpr auto reference = cpu_ref::embedding;
  Weight table;   // (vocab, dim)
  Tensor tokens;  // i32 [T], each in 0..vocab-1 (the caller checks values)
  Tensor y;       // f32 [T, dim]

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.table, with_scales), f(Role::input, op.tokens), f(Role::output, op.y);
  }

  EmbeddingParams params() const {
    return {.n_tokens = u32(tokens.elements()),
            .dim = u32(table.cols),
            .row_stride = u32(table.row_stride),
            .dtype = static_cast<uint32_t>(table.dtype),
            .group_size = u32(table.group_size),
            .n_groups = u32(table.groups_per_row()),
            .first_weight_row = 0,
            .n_weight_rows = u32(table.rows)};
  }

  Status check() const {
    Checker c(kName);
    c.rank("tokens", tokens, 1).weight(table, kind_of(table));
    if (!c.ok() || !tokens) return c.tensor("tokens", tokens, DType::i32, {1}).status();
    return c.tensor("tokens", tokens, DType::i32, tokens.shape).f32("y", y, {tokens.elements(), table.cols}).status();
  }
};

}  // namespace tritium
