#include "artifact/pack_section.h"

#include <algorithm>

#include "artifact/block_parts.h"
#include "artifact/compress.h"
#include "base/cancel.h"
#include "base/format_text.h"

namespace tritium::artifact {
namespace {

// "F32", or what its floats are: "F32 of F16", "F32 of integers to 7".
std::string type_name(const Section& section) {
  if (!section.type) return "";
  const std::string name(traits_of(*section.type).name);
  const int largest = section.content.largest_integer();
  const std::string groups = section.content.group > 0 ? join(" in groups of ", section.content.group) : "";
  if (largest > 0) return join(name, " of integers to ", largest, groups);
  return section.content.narrow() ? name + (section.content.number == Content::kF16 ? " of F16" : " of BF16") : name;
}

// Compresses each candidate and adds the one that becomes smallest; of equal ones the first. What is said of it is the
// caller's to complete.
Status add_smallest(const Section& section, const char* part, std::vector<Candidate> candidates, int level,
                    PackedSection& packed) {
  std::vector<Bytes> inputs;
  inputs.reserve(candidates.size());
  for (Candidate& c : candidates) inputs.push_back(std::move(c.bytes));
  std::vector<std::vector<std::byte>> frames;
  if (Status s = compress_each(inputs, level, frames); !s.ok()) return s;
  const auto best = std::ranges::min_element(frames, {}, [](const auto& frame) { return frame.size(); });
  const auto which = static_cast<size_t>(best - frames.begin());
  StreamEntry entry = candidates[which].entry;
  entry.packed_bytes = best->size();
  packed.streams.push_back({.kind = std::string(name_of(section.kind)),
                            .type = type_name(section),
                            .part = part,
                            .packing = std::string(name_of(entry.packing)),
                            .radix = entry.radix,
                            .packed_bytes = inputs[which].size(),
                            .bytes = best->size()});
  for (size_t i = 0; i < frames.size(); ++i)
    packed.streams.back().tried.push_back({std::string(name_of(candidates[i].entry.packing)), frames[i].size()});
  packed.entry.streams.push_back(entry);
  packed.frames.push_back(std::move(*best));
  return Status();
}

double entropy_of(const Section& section, std::span<const uint8_t> codes) {
  const BlockParts& parts = parts_of(*section.type);
  const int64_t of_block = section.content.largest_integer() > 0 ? 1 : parts.codes;
  double bytes = 0;
  for (const Piece& piece : section.pieces) {
    const auto n = static_cast<size_t>(static_cast<int64_t>(piece.bytes) / parts.bytes * of_block);
    bytes += entropy_bytes(codes.first(n));
    codes = codes.subspan(n);
  }
  return bytes;
}

Status pack_apart(const Section& section, const SectionParts& parts, int level, PackedSection& packed) {
  Status s = add_smallest(section, "codes", pack_codes_each_way(section, parts.codes), level, packed);
  if (!s.ok()) return s;
  PackedStream& codes = packed.streams.back();
  codes.weights = section.weights;
  const bool floats = section.content.largest_integer() > 0;  // whose bytes are all in the codes' row
  codes.raw_bytes = section.bytes - (floats ? 0 : parts.rest.size());
  codes.entropy_bytes = entropy_of(section, parts.codes);
  s = add_smallest(section, "scales", pack_numbers_each_way(parts.rest, number_bytes(section, true)), level, packed);
  packed.streams.back().raw_bytes = floats ? 0 : parts.rest.size();
  return s;
}

Status pack_whole(const Section& section, const Bytes& bytes, int level, PackedSection& packed) {
  const char* part = section.type ? "values" : "bytes";
  Status s = add_smallest(
      section, part, pack_numbers_each_way(as_one_stream(section, bytes), number_bytes(section, false)), level, packed);
  if (!s.ok()) return s;
  packed.streams.back().weights = section.weights;
  packed.streams.back().raw_bytes = bytes.size();
  return s;
}

// What will be unpacked is what was packed.
Status check(const Section& section, const PackedSection& packed, const Bytes& expected) {
  const Result<std::vector<uint64_t>> sizes = stream_sizes(section, packed.entry);
  if (!sizes.ok()) return sizes.status();
  std::vector<Bytes> streams;
  for (size_t i = 0; i < packed.frames.size(); ++i) {
    check_cancelled();
    Bytes& stream = streams.emplace_back((*sizes)[i]);
    if (Status s = decompress(packed.frames[i], stream); !s.ok()) return s;
  }
  const Result<Bytes> again = unpack_section(section, packed.entry, std::move(streams));
  if (!again.ok()) return again.status();
  if (*again == expected) return Status();
  return error(StatusCode::internal, "a section of ", name_of(section.kind), " does not come back as it was");
}

}  // namespace

Result<PackedSection> pack_section(const Section& section, const Bytes& bytes, int level) {
  PackedSection packed;
  bool apart = comes_apart(section);
  if (apart) {
    const SectionParts parts = take_apart(section, bytes);
    Bytes again(bytes.size());
    put_together(section, parts, again);
    apart = again == bytes || section.content.largest_integer() > 0;  // else it has bits that mean nothing
    if (apart)
      if (Status s = pack_apart(section, parts, level, packed); !s.ok()) return s;
  }
  if (!apart)
    if (Status s = pack_whole(section, bytes, level, packed); !s.ok()) return s;
  if (Status s = check(section, packed, bytes); !s.ok()) return s;
  return packed;
}

}  // namespace tritium::artifact
