#include "artifact/sections.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>

#include "artifact/block_parts.h"
#include "base/cancel.h"
#include "base/format_text.h"

namespace tritium::artifact {
namespace {

constexpr std::string_view kNames[] = {"metadata", "embedding", "attention", "feed-forward", "experts",
                                       "router",   "norms",     "head",      "other"};

// Sections that are still growing, by what they hold; in the order in which the first of each kind, type and content
// began.
class Sections {
 public:
  void add(TensorUse use, std::optional<StorageType> type, const Piece& piece, int64_t codes, int64_t weights) {
    const auto key = std::tuple(use.kind, type, use.content);
    const auto [group, is_new] = groups_.try_emplace(key, lists_.size());
    if (is_new) lists_.emplace_back();
    std::vector<Section>& list = lists_[group->second];
    const bool full = !list.empty() && (list.back().bytes + piece.bytes > kMostSectionBytes ||
                                        static_cast<uint64_t>(list.back().codes + codes) > kMostSectionCodes);
    if (list.empty() || full) list.push_back({.kind = use.kind, .type = type, .content = use.content});
    Section& section = list.back();
    section.pieces.push_back(piece);
    section.bytes += piece.bytes;
    section.codes += codes;
    section.weights += weights;
  }

  // Bytes without a structure, cut where they are long.
  void add_bytes(Kind kind, uint64_t offset, uint64_t bytes) {
    for (uint64_t done = 0; done < bytes; done += kMostSectionBytes) {
      check_cancelled_every<1024>(done / kMostSectionBytes);
      add({kind}, std::nullopt, {.offset = offset + done, .bytes = std::min(bytes - done, kMostSectionBytes)}, 0, 0);
    }
  }

  // Blocks, cut between rows where a row is not too long.
  void add_blocks(TensorUse use, const GgufTensorHeader& t, uint64_t bytes) {
    const BlockParts& parts = parts_of(t.type);
    const auto block = static_cast<uint64_t>(parts.bytes);
    const auto codes = static_cast<uint64_t>(use.content.largest_integer() > 0 ? 1 : parts.codes);
    const int64_t cols = t.shape.back();
    const bool has_rows = cols % parts.elements == 0;
    const uint64_t row = has_rows ? static_cast<uint64_t>(cols / parts.elements) : 1;  // in blocks
    uint64_t most = kMostSectionBytes / block;                                         // blocks of a piece
    if (codes > 0) most = std::min(most, kMostSectionCodes / codes);
    const bool by_rows = has_rows && row <= most;
    if (by_rows) most -= most % row;
    for (uint64_t done = 0, all = bytes / block, i = 0; done < all; done += most) {
      check_cancelled_every<1024>(i++);
      const uint64_t n = std::min(all - done, most);
      const auto row_codes = static_cast<int64_t>((by_rows ? row : n) * codes);
      add(use, t.type, {.offset = t.offset + done * block, .bytes = n * block, .row_codes = row_codes},
          static_cast<int64_t>(n * codes), static_cast<int64_t>(n) * parts.elements);
    }
  }

  std::vector<Section> take() {
    std::vector<Section> all;
    for (std::vector<Section>& list : lists_) std::ranges::move(list, std::back_inserter(all));
    return all;
  }

 private:
  std::map<std::tuple<Kind, std::optional<StorageType>, Content>, size_t> groups_;
  std::vector<std::vector<Section>> lists_;
};

// Integers need whole rows in a piece.
bool fits(const GgufTensorHeader& t, Content content) {
  if (content == Content()) return true;
  const auto row = static_cast<uint64_t>(t.shape.back()) * sizeof(float);
  return content.valid() && t.type == StorageType::f32 && row > 0 && row <= kMostSectionBytes;
}

}  // namespace

std::string_view name_of(Kind kind) { return kNames[static_cast<size_t>(kind)]; }

std::optional<Kind> kind_of_number(uint8_t number) {
  return number < std::size(kNames) ? std::optional(static_cast<Kind>(number)) : std::nullopt;
}

uint64_t header_bytes_of(const GgufHeader& header, uint64_t file_bytes) {
  uint64_t first = file_bytes;
  for (const GgufTensorHeader& t : header.tensors) first = std::min(first, t.offset);
  return first;
}

Result<std::vector<Section>> sections_of(const GgufHeader& header, std::span<const TensorUse> uses,
                                         uint64_t header_bytes, uint64_t file_bytes) {
  std::vector<size_t> order(header.tensors.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&](size_t i) { return header.tensors[i].offset; });
  Sections sections;
  uint64_t at = header_bytes;
  for (const size_t i : order) {
    const GgufTensorHeader& t = header.tensors[i];
    if (t.offset < at || t.bytes > file_bytes - t.offset)
      return error(StatusCode::corrupt_file, t.name, ": overlaps another tensor, or lies outside the file");
    if (!fits(t, uses[i].content))
      return error(StatusCode::corrupt_file, t.name, ": is said to have content ", int{uses[i].content.number},
                   ", which it cannot have");
    sections.add_bytes(Kind::metadata, at, t.offset - at);
    const uint64_t tail = t.type == StorageType::i2_s ? kI2sTail : 0;
    sections.add_blocks(uses[i], t, t.bytes - tail);
    sections.add_bytes(uses[i].kind, t.offset + t.bytes - tail, tail);
    at = t.offset + t.bytes;
  }
  sections.add_bytes(Kind::metadata, at, file_bytes - at);
  return sections.take();
}

}  // namespace tritium::artifact
