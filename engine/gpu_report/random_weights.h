// Weights that cost little to make: what they are does not matter for speed, only that they are valid and not all
// alike.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/dense_matrix.h"
#include "tensor/ternary_matrix.h"

namespace tritium::gpu_report {

// Half of the trits are 0, a quarter -1, a quarter +1; one scale, with which products keep the size of their inputs.
// `cols` is a multiple of 16.
TernaryMatrix random_trits(int64_t n_matrices, int64_t rows, int64_t cols, uint64_t seed);

// f16 values of magnitude 1/64 to 1/32.
DenseMatrix random_halves(int64_t rows, int64_t cols, uint64_t seed);

// f32 values in (-magnitude, magnitude).
std::vector<float> random_floats(int64_t n, float magnitude, uint64_t seed);

}  // namespace tritium::gpu_report
