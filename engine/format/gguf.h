// GGUF, versions 2 and 3: the model files of llama.cpp and its relatives. Little-endian.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/input_file.h"
#include "format/storage_type.h"
#include "tensor/metadata.h"
#include "tensor/tensor_map.h"
#include "tritium/status.hpp"

namespace tritium {

struct GgufOptions {
  // I2_S tensors interleave 64 codes per 16 bytes (files made on Arm) instead of 128 per 32. The file does not say.
  bool i2s_interleave_64 = false;
};

// Opens the file and checks all of its header: counts, lengths, types, sizes and offsets are within the file before
// they are used; tensors neither overlap nor leave gaps. Weights are read when loaded; a file that is cut off meanwhile
// is corrupt_file then. Errors: "FILE: what, where, numbers".
Result<std::unique_ptr<TensorMap>> open_gguf(const std::string& path, const GgufOptions& options);
// The same of a regular file that is open already.
Result<std::unique_ptr<TensorMap>> open_gguf(InputFile file, const GgufOptions& options);

struct GgufTensor {
  std::string name;
  StorageType type = StorageType::f32;
  std::vector<int64_t> shape;    // outermost first
  std::vector<std::byte> bytes;  // storage_bytes(type, shape)
};

// The size of the file that write_gguf() would write; the tensors may still be without their bytes.
Result<uint64_t> gguf_bytes(const Metadata& metadata, const std::vector<GgufTensor>& tensors);

// What such a file begins with, up to the first tensor; likewise. Then each follows with its bytes, padded to
// kGgufDefaultAlignment.
Result<std::vector<std::byte>> gguf_header(const Metadata& metadata, const std::vector<GgufTensor>& tensors);

// Writes version 3. Integers become u32 where they fit, else i32, u64 or i64; reals f32. The file is the caller's to
// check and to commit.
Status write_gguf(AtomicFile& file, const Metadata& metadata, const std::vector<GgufTensor>& tensors);
// Commits it too.
Status write_gguf(const std::string& path, const Metadata& metadata, const std::vector<GgufTensor>& tensors);

}  // namespace tritium
