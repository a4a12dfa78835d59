// Rows of a tensor as a file stores them: read, decoded and checked a stretch at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "format/storage_type.h"
#include "tensor/rows.h"
#include "tritium/status.hpp"

namespace tritium {

// Reads bytes of a tensor, from `offset` within it on. May be called from several threads at once.
using ReadBytes = std::function<Status(uint64_t offset, std::span<std::byte> out)>;

struct StoredLayout {
  StorageType type = StorageType::f32;
  std::vector<int64_t> shape;  // outermost first
  bool i2s_interleave_64 = false;
  std::string name;  // errors of the rows begin with it: "FILE: TENSOR"; empty: with nothing
};

// unsupported: the type is not ternary.
Result<std::unique_ptr<TernaryRows>> stored_ternary_rows(StoredLayout layout, ReadBytes read);
// Of every type; ternary ones as f16, or as f32 where a scale is too large for it or has more digits.
Result<std::unique_ptr<DenseRows>> stored_dense_rows(StoredLayout layout, ReadBytes read);

// In which rows of the type come; of ternary types, mostly.
DType dtype_of(StorageType type);

}  // namespace tritium
