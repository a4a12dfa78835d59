// Whole tensors between the bytes of a file and memory. Errors say which block or rule; the caller adds file and
// tensor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "format/storage_type.h"
#include "format/stored_rows.h"
#include "tensor/dense_matrix.h"
#include "tensor/ternary_matrix.h"
#include "tritium/status.hpp"

namespace tritium {

// A tensor as stored; bytes.size() == storage_bytes(type, shape).
struct StoredTensor {
  StorageType type = StorageType::f32;
  std::vector<int64_t> shape;  // outermost first
  std::span<const std::byte> bytes;
  bool i2s_interleave_64 = false;
};

StoredLayout layout_of(const StoredTensor& tensor);
ReadBytes bytes_of(const StoredTensor& tensor);  // which must stay

// (matrices, rows, cols) of a shape of rank 1 to 4.
Shape matrix_shape(std::span<const int64_t> shape);

// Exact trits and scales, merged to the coarsest granularity that holds them. corrupt_file: a scale is not finite;
// unsupported: the type is not ternary, or codes of +2 are there (with their number).
Result<TernaryMatrix> decode_ternary(const StoredTensor& tensor);
// Lossless, or invalid_argument with the rule that forbids it: row length, scales that differ within what one scale of
// the format covers, a scale that f16 cannot hold, zeros in a format without them.
Result<std::vector<std::byte>> encode_ternary(const TernaryMatrix& matrix, StorageType type);

// corrupt_file when a value is not finite, with its index.
Result<std::vector<float>> decode_f32(const StoredTensor& tensor);
// f32, f16 and bf16 as they are; other types as f16, or f32 when a value exceeds f16's range.
Result<DenseMatrix> decode_dense(const StoredTensor& tensor);
// f32, f16, bf16, q8_0; the shape's rows must be whole blocks. invalid_argument when a value is not finite or beyond
// the type's range, with its index.
Result<std::vector<std::byte>> encode_f32(std::span<const float> values, std::span<const int64_t> shape,
                                          StorageType type);

}  // namespace tritium
