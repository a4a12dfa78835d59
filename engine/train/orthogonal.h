// First values of matrices with orthonormal rows, or columns where those are fewer (Saxe et al. 2013, "Exact solutions
// to the nonlinear dynamics of learning in deep linear neural networks").
#pragma once

#include <cstdint>
#include <vector>

namespace tritium::training {

// [n_matrices, rows, cols]. Gram-Schmidt, twice, of normal draws.
std::vector<float> orthogonal_values(int64_t n_matrices, int64_t rows, int64_t cols, uint64_t seed);

}  // namespace tritium::training
