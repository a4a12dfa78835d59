// A GGUF file as a list of sections, each of one kind, type and content and small enough to be held whole. Pack and
// unpack make the same list from the same header, kinds and contents.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "artifact/float_content.h"
#include "format/gguf_header.h"
#include "format/storage_type.h"

namespace tritium::artifact {

// What a tensor is for. The numbers stand in files.
enum class Kind : uint8_t { metadata, embedding, attention, feed_forward, experts, router, norm, head, other };

std::string_view name_of(Kind kind);
std::optional<Kind> kind_of_number(uint8_t number);

// Bytes of the file that belong together: whole blocks, and whole rows where those are whole blocks and fit.
struct Piece {
  uint64_t offset = 0, bytes = 0;
  int64_t row_codes = 0;  // codes of a row; of all of it where it has no rows
};

struct Section {
  Kind kind = Kind::metadata;
  std::optional<StorageType> type;  // none: bytes that are no blocks
  Content content = {};             // of f32
  std::vector<Piece> pieces;        // in the order of the file
  uint64_t bytes = 0;               // of all of them
  int64_t codes = 0;
  int64_t weights = 0;
};

// Of one section, so that what is in memory does not grow with the model. A piece alone may have more by a block.
inline constexpr uint64_t kMostSectionBytes = uint64_t{16} << 20;
inline constexpr uint64_t kMostSectionCodes = uint64_t{16} << 20;

// What a tensor is for, and what its floats are.
struct TensorUse {
  Kind kind = Kind::other;
  Content content = {};
};

// Of all bytes from `header_bytes` on, each once: tensors, and what lies between and behind them. `uses`: of the
// header's tensors, in its order. corrupt_file: tensors overlap, or one cannot have such a content.
Result<std::vector<Section>> sections_of(const GgufHeader& header, std::span<const TensorUse> uses,
                                         uint64_t header_bytes, uint64_t file_bytes);

// Up to the first tensor; all of the file where there is none.
uint64_t header_bytes_of(const GgufHeader& header, uint64_t file_bytes);

}  // namespace tritium::artifact
