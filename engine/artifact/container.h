// The file of an artifact, format 2, little-endian:
//
//   "TRITPK", u16 version
//   streams, zstd frames one behind the other: the GGUF file's header, then those of each section (sections.h)
//   directory, a zstd frame
//   u64 directory's offset, u64 its bytes unpacked, u64 bytes of this file, u64 XXH3 of all before it
//
// The directory: u64 bytes of the GGUF file, u64 its XXH3, u64 its header's bytes, u64 the header's bytes packed;
// u32 tensors, of each a u8 kind, a u8 content and the u16 columns of its groups (float_content.h); u32 sections, each
// of them: u8 streams (1 or 2), and of each stream u8 packing, u16 radix of its codes (0: none), u64 bytes packed.
//
// A section of two streams has the codes of its blocks, or of its rows of integers, and what is left of these: scales.
// A section of one has all bytes, of F16 and BF16 that stand in F32 two of four.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "artifact/code_packing.h"
#include "artifact/sections.h"
#include "base/input_file.h"

namespace tritium::artifact {

struct StreamEntry {
  Packing packing = Packing::plain;
  int radix = 0;
  uint64_t packed_bytes = 0;
};

struct SectionEntry {
  std::vector<StreamEntry> streams;
};

struct Directory {
  uint64_t gguf_bytes = 0, gguf_checksum = 0, header_bytes = 0, header_packed_bytes = 0;
  std::vector<TensorUse> uses;  // of the tensors
  std::vector<SectionEntry> sections;
};

inline constexpr uint64_t kHeadBytes = 8, kTrailerBytes = 32;
// Of a GGUF file's header, and of a directory; the largest vocabularies take a fifth of it.
inline constexpr uint64_t kMostHeaderBytes = uint64_t{64} << 20;

std::vector<std::byte> head_bytes();
std::vector<uint8_t> bytes_of(const Directory& directory);
// What stands between the last stream and the checksum: the frame of the directory, and three numbers.
std::vector<std::byte> tail_bytes(std::span<const std::byte> directory_frame, uint64_t directory_offset,
                                  uint64_t directory_bytes);

// An artifact that is what was written: its size and its checksum are right, and no size in its directory is more than
// its bytes can hold. corrupt_file otherwise, unsupported: another version; "FILE: what, where, numbers".
class ArtifactFile {
 public:
  static Result<ArtifactFile> open(const std::string& path);

  const Directory& directory() const { return directory_; }
  uint64_t size() const { return file_.size(); }
  // The next stream, of so many bytes unpacked.
  Result<Bytes> next_stream(uint64_t packed_bytes, uint64_t bytes);

 private:
  ArtifactFile(InputFile file, Directory directory) : file_(std::move(file)), directory_(std::move(directory)) {}

  InputFile file_;
  Directory directory_;
  uint64_t at_ = kHeadBytes;
};

}  // namespace tritium::artifact
