// The header of a GGUF file: metadata, and where each tensor lies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/input_file.h"
#include "format/storage_type.h"
#include "tensor/metadata.h"
#include "tritium/status.hpp"

namespace tritium {

inline constexpr uint32_t kGgufMagic = 0x46554747;  // "GGUF"
inline constexpr uint64_t kGgufDefaultAlignment = 32;

// Value types of metadata, as numbered in the file.
enum class GgufValueType : uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };

struct GgufTensorHeader {
  std::string name;
  StorageType type = StorageType::f32;
  std::vector<int64_t> shape;  // outermost first
  uint64_t offset = 0;         // in the file
  uint64_t bytes = 0;
};

struct GgufHeader {
  Metadata metadata;
  std::vector<GgufTensorHeader> tensors;
};

Result<GgufHeader> parse_gguf_header(std::span<const std::byte> file);
Result<GgufHeader> parse_gguf_header(const InputFile& file);
// Of the beginning of a file of so many bytes, up to its first tensor at least.
Result<GgufHeader> parse_gguf_header(std::span<const std::byte> beginning, uint64_t file_bytes);

// `tensors` as listed in the header, which ends at `header_end`: offsets count from the data section. Makes them count
// from the beginning of the file and decides which layout id 42 stands for. corrupt_file, with tensor and numbers: an
// offset that is not aligned or outside the file, tensors that overlap, gaps of more than padding.
Status place_tensors(std::vector<GgufTensorHeader>& tensors, uint64_t header_end, uint64_t file_size,
                     uint64_t alignment);

}  // namespace tritium
