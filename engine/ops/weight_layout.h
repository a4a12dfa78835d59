// How weights are laid out for kernels: rows padded to whole words, one scale a row, or one a group, padding included.
// Backends upload exactly this unless they repack for their device (Backend::lay_out).
#pragma once

#include <span>
#include <vector>

#include "ops/tensor.h"
#include "tensor/dense_matrix.h"
#include "tensor/ternary_matrix.h"

namespace tritium {

// A Weight that describes `matrix`: name, sizes, and the shapes of data and scales, which have no memory yet. Values
// are not looked at.
Weight describe_weight(const TernaryMatrix& matrix, const std::string& name);
Weight describe_weight(const DenseMatrix& matrix, const std::string& name);

// (n_matrices, rows, groups_per_row) of describe_weight(matrix). A scale for the whole stack is repeated for every row;
// groups that lie in the padding get scale 0.
std::vector<float> kernel_scales(const TernaryMatrix& matrix);

// The way back: a matrix with a scale for each row, or for each group where a row has several. `words` and `scales` are
// the planes that describe_weight and kernel_scales laid out.
TernaryMatrix matrix_of(const Weight& weight, std::span<const uint32_t> words, std::span<const float> scales);

}  // namespace tritium
