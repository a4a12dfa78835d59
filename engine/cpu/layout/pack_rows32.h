// Planes of trits and scales as files have them (row after row) into rows32, and back.
#pragma once

#include <vector>

#include "cpu/layout/rows32.h"
#include "ops/tensor.h"

namespace tritium::cpu {

Rows32 rows32_of(const Weight& weight);

// The planes that a weight needs in this layout.
Shape words_shape(const Weight& weight);
Shape scales_shape(const Weight& weight);

// One block of a stack.
void pack_block(const Rows32& layout, int64_t block, const uint32_t* row_words, const float* row_scales,
                uint32_t* words, float* scales);

// Appends a row, counted over all matrices.
void unpack_row(const Rows32& layout, int64_t row, const uint32_t* words, const float* scales,
                std::vector<uint32_t>& row_words, std::vector<float>& row_scales);

}  // namespace tritium::cpu
