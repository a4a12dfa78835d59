#pragma once

#include "ops/step_values.h"
#include "shaders/params/factored_direction.h"

namespace tritium {

namespace cpu_ref {
void factored_direction(const FactoredDirectionParams& p, std::span<float> gradient, std::span<float> row_squares,
                        std::span<float> col_squares);
}

// The direction of Adafactor (Shazeer & Stern 2018) and AdaLomo (Lv et al. 2023), whose second moment is a product of
// what its rows and its columns have, of each matrix by itself. With g = gradient_scale * gradient:
//   r = beta2 r + (1 - beta2) mean of g^2 over each row,   c the same over each column
//   u = g / sqrt(correction2 r c / mean(r)),   direction = u / max(1, rms(u) / clip)
// A matrix without any gradient (an expert without tokens) keeps r and c.
struct FactoredDirection {
  static constexpr std::string_view kName = "factored_direction";
  static constexpr double kTolerance = kLongSum;
  static constexpr auto reference = cpu_ref::factored_direction;
  Tensor gradient;     // f32 [n_matrices, rows, cols]; becomes the direction
  Tensor row_squares;  // f32 [n_matrices, rows]
  Tensor col_squares;  // f32 [n_matrices, cols]
  float beta2 = 0.95f;
  float correction2 = 1.0f;  // 1 / (1 - beta2^t), t = 1 for the first step
  float gradient_scale = 1.0f;
  float clip = 1.0f;
  Tensor now;  // StepValues (check_step), or none

  static void visit(auto& op, auto&& f) {
    for (auto* t : {&op.gradient, &op.row_squares, &op.col_squares}) f(Role::in_out, *t);
    f(Role::input, op.now, of_the_step);
  }

  FactoredDirectionParams params() const {
    constexpr uint32_t kChunkRows = 64;
    return {.n_matrices = u32(gradient.shape[0]),
            .rows = u32(gradient.shape[1]),
            .cols = u32(gradient.shape[2]),
            .chunk_rows = kChunkRows,
            .beta2 = beta2,
            .correction2 = correction2,
            .gradient_scale = gradient_scale,
            .clip = clip};
  }

  Status check() const {
    Checker c(kName);
    check_step(c.f32_of_rank("gradient", gradient, 3), now);
    if (!c.ok()) return c.status();
    c.f32("row_squares", row_squares, {gradient.shape[0], gradient.shape[1]});
    return c.f32("col_squares", col_squares, {gradient.shape[0], gradient.shape[2]}).status();
  }
};

}  // namespace tritium
