// A tensor of a folder under its GGUF name: a stack of matrices, each somewhere in the folder's files, with one
// packing.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "format/folder/shards.h"
#include "tensor/tensor_map.h"
#include "tritium/status.hpp"

namespace tritium {

enum class Packing {
  floats,      // F32, F16, BF16; perhaps each row, or group of a row, has one magnitude
  masters,     // floats that stand for trits: alpha = mean |w| of a matrix, trit = round(w / alpha) within -1 … 1
  four_trits,  // U8 [rows / 4, cols]: row r is bits 2 (4 r / rows) of byte row r % (rows / 4); code = trit + 1
  mlx_trits,   // U32, 2 bits, lowest first, code = trit + 1, and one alpha a row
  mlx_affine,  // U32 of small integers q: w = scale q + bias, of each group of a row
  values,      // in memory
};

// One matrix of the stack. What it has of a stored tensor: rows from `first_row` on, of `stored_rows` in each of the
// tensor's matrices, of which it is number `index`.
struct FolderMatrix {
  const ShardTensor* weight = nullptr;
  const ShardTensor* scale = nullptr;   // weight_scale, row_alpha, or scales
  const ShardTensor* biases = nullptr;  // of mlx_affine
  int64_t index = 0;
  int64_t first_row = 0;
  int64_t stored_rows = 0;
};

struct FolderTensor {
  TensorInfo info;
  Packing packing = Packing::floats;
  int64_t n_matrices = 1;
  int64_t rows = 0;
  int64_t cols = 0;
  int64_t swapped_heads =
      0;                   // rows of a head come as pairs (i, i + half), and are wanted as neighbours; 0: as they are
  bool divide = false;     // four_trits
  int bits = 0;            // mlx
  int64_t group_size = 0;  // mlx: columns a scale covers; of floats that are ternary: those of one magnitude
  std::vector<FolderMatrix> matrices;
  std::vector<float> held;  // Packing::values
};

// The columns that a scale covers where the row is ternary: all of them, 256, 128, 64, 32 or 16; 0: it is not.
int64_t ternary_group(std::span<const float> row);

// Looks at some rows of each matrix of floats: whether the tensor is ternary, and by which groups.
Status look_for_trits(FolderTensor& tensor);
// The same of 2-bit integers of MLX: they are trits where each bias is its scale's opposite.
Status look_for_mlx_trits(FolderTensor& tensor);

// A row, counted over all matrices, as floats. corrupt_file: a value is not finite.
Status read_floats(const FolderTensor& tensor, int64_t row, std::span<float> values);

// The mean magnitude of each matrix of masters, at least 1e-5.
Result<std::vector<float>> master_alphas(const FolderTensor& tensor);

// A row as codes and scales; `alphas`: of masters. unsupported: a value is no trit.
Status read_trits(const FolderTensor& tensor, std::span<const float> alphas, int64_t row, std::span<uint32_t> words,
                  std::span<float> scales);

// A row of floats, as they are stored.
Status read_stored(const FolderTensor& tensor, int64_t row, std::span<std::byte> bytes);

}  // namespace tritium
