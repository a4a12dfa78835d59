// GPTQ (Frantar et al. 2023): the weights of a row are rounded one after another, and what rounding one changes in the
// outputs is made up for by those that are still to come.
#pragma once

#include <span>
#include <vector>

#include "tritium/status.hpp"

namespace tritium::training {

// What a row is rounded to: s times integers from -qmax to qmax.
struct IntegerGrid {
  std::span<const float> scales;  // of each group of columns of each row; 0: all is 0
  int64_t group_size = 0;         // columns that one covers; the last may have fewer
  int qmax = 127;
};

// Replaces rows of `cols` weights by values of the grid, with sum over samples of (w x - q x)^2 in mind. With H = sum
// of x x^T, 1 % of its mean diagonal added to the diagonal, and U the upper triangle with H^-1 = U^T U, columns j in
// order: q_j = round(w_j), then w_k -= (w_j - q_j) / U_jj U_jk for k > j.
// hessian: [cols, cols], what is right of the diagonal is not read.
Status gptq_round(std::span<float> weights, int64_t cols, std::vector<double> hessian, const IntegerGrid& grid);

}  // namespace tritium::training
