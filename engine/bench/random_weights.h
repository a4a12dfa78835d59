// Random weights that nobody keeps: made a row at a time while a backend lays them out, by all of its threads.
#pragma once

#include <memory>

#include "tensor/rows.h"

namespace tritium::bench {

// Codes 0, 1, 2 with 1/4, 1/2, 1/4, and a scale a row with which products keep the size of what goes in.
std::unique_ptr<TernaryRows> random_trits(const Shape& shape, uint64_t seed);

// Random integers in blocks, or random floats, of about 1 / sqrt(columns).
std::unique_ptr<DenseRows> random_rows(const Shape& shape, DType dtype, uint64_t seed);
// Each value is 1.
std::unique_ptr<DenseRows> ones(const Shape& shape);

}  // namespace tritium::bench
