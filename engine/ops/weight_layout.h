// How weights are laid out for kernels: rows padded to whole words, one scale a row, or one a group, padding included.
// Backends upload exactly this unless they repack for their device (Backend::lay_out).
#pragma once

#include <span>
#include <vector>

#include "ops/tensor.h"
#include "tensor/packed_layout.h"
#include "tensor/rows.h"

namespace tritium {

// A Weight that describes `matrix`: name, sizes, and the shapes of data and scales, which have no memory yet. Values
// are not looked at.
Weight describe_weight(const TernaryRows& rows, const std::string& name);
Weight describe_weight(const DenseRows& rows, const std::string& name);
Weight describe_weight(const TernaryMatrix& matrix, const std::string& name);
Weight describe_weight(const DenseMatrix& matrix, const std::string& name);

// (n_matrices, rows, groups_per_row) of describe_weight(matrix). A scale for the whole stack is repeated for every row;
// groups that lie in the padding get scale 0.
std::vector<float> kernel_scales(const TernaryMatrix& matrix);

// The scales that came with all rows, (n_matrices, rows, stored groups), as the weight has them. A weight whose every
// row has one scale gets that, whatever it was described with.
std::vector<float> settle_scales(Weight& weight, const TernaryRows& rows, std::span<const float> stored);

// The way back: a matrix with a scale for each row, or for each group where a row has several. `words` and `scales` are
// the planes that describe_weight and kernel_scales laid out.
TernaryMatrix matrix_of(const Weight& weight, std::span<const uint32_t> words, std::span<const float> scales);

}  // namespace tritium
