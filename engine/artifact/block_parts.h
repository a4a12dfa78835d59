// How the blocks of a storage type come apart: into codes, one a byte, and the bytes that are left of each (scales). A
// type that is added to format/ gets a row in the table of block_parts.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "format/storage_type.h"

namespace tritium::artifact {

struct BlockBytes {
  int64_t offset = 0, size = 0;
};

struct BlockParts {
  StorageType type = StorageType::f32;
  int64_t bytes = 1;     // of a block
  int64_t elements = 1;  // that it holds
  int64_t codes = 0;     // that it comes apart into; 0: all of it is rest
  // A block's codes, and back; what is rest stays as it is in `block`.
  void (*take)(const uint8_t* block, uint8_t* codes) = nullptr;
  void (*put)(const uint8_t* codes, uint8_t* block) = nullptr;
  BlockBytes rest[2] = {};

  int64_t rest_bytes() const { return rest[0].size + rest[1].size; }
};

const BlockParts& parts_of(StorageType type);

}  // namespace tritium::artifact
