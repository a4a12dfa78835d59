#include "artifact/section_codec.h"

#include <algorithm>
#include <cstring>

#include "artifact/block_parts.h"
#include "base/cancel.h"
#include "base/format_text.h"

namespace tritium::artifact {
namespace {

int64_t blocks_of(const Section& section) {
  return static_cast<int64_t>(section.bytes) / parts_of(*section.type).bytes;
}

bool has_integers(const Section& section) { return section.content.largest_integer() > 0; }

int64_t codes_of(const Section& section, const Piece& piece) {
  const BlockParts& parts = parts_of(*section.type);
  return static_cast<int64_t>(piece.bytes) / parts.bytes * (has_integers(section) ? 1 : parts.codes);
}

bool has_rows(const Section& section) {
  return std::ranges::any_of(section.pieces, [&](const Piece& p) { return codes_of(section, p) > p.row_codes; });
}

uint64_t rest_bytes(const Section& section) {
  if (!has_integers(section)) return static_cast<uint64_t>(blocks_of(section) * parts_of(*section.type).rest_bytes());
  int64_t scales = 0;
  for (const Piece& p : section.pieces)
    scales += codes_of(section, p) / p.row_codes * section.content.scales(p.row_codes);
  return static_cast<uint64_t>(scales) * sizeof(uint16_t);
}

SectionParts take_integers_apart(const Section& section, std::span<const uint8_t> bytes) {
  SectionParts taken;
  taken.codes.reserve(bytes.size() / sizeof(float));
  for (const Piece& piece : section.pieces) {
    std::vector<float> floats(piece.bytes / sizeof(float));
    std::memcpy(floats.data(), bytes.data(), piece.bytes);
    take_integers(floats, piece.row_codes, section.content, taken.codes, taken.rest);
    bytes = bytes.subspan(piece.bytes);
  }
  return taken;
}

void put_integers_together(const Section& section, const SectionParts& taken, std::span<uint8_t> bytes) {
  std::span<const uint8_t> codes = taken.codes, scales = taken.rest;
  for (const Piece& piece : section.pieces) {
    std::vector<float> floats(piece.bytes / sizeof(float));
    put_integers(codes, scales, piece.row_codes, section.content, floats);
    std::memcpy(bytes.data(), floats.data(), piece.bytes);
    bytes = bytes.subspan(piece.bytes);
    codes = codes.subspan(floats.size());
    const int64_t n = codes_of(section, piece) / piece.row_codes * section.content.scales(piece.row_codes);
    scales = scales.subspan(static_cast<size_t>(n) * sizeof(uint16_t));
  }
}

// Codes of each piece turned by `turn`.
template <typename Turn>
Bytes turned(const Section& section, std::span<const uint8_t> codes, const Turn& turn) {
  Bytes all;
  all.reserve(codes.size());
  for (const Piece& piece : section.pieces) {
    check_cancelled();
    const auto n = static_cast<size_t>(codes_of(section, piece));
    turn(codes.first(n), piece.row_codes, all);
    codes = codes.subspan(n);
  }
  return all;
}

Bytes packed(std::span<const uint8_t> codes, int radix, Packing packing) {
  check_cancelled();
  return in_digits(packing) ? pack_digits(codes, radix) : pack_bits(codes, bits_of_code(radix));
}

Status check_entry(const Section& section, const SectionEntry& entry) {
  const auto refused = [](const char* what) { return error(StatusCode::corrupt_file, "a section of ", what); };
  const bool apart = entry.streams.size() == 2;
  if (apart && !comes_apart(section)) return refused("bytes without codes has two streams");
  if (!apart && has_integers(section)) return refused("integers has one stream");
  for (size_t i = 0; i < entry.streams.size(); ++i) {
    const StreamEntry& s = entry.streams[i];
    const bool codes = apart && i == 0, packs_codes = s.packing != Packing::plain && s.packing != Packing::planes;
    if (codes != packs_codes) return refused("codes or numbers is packed as the other");
    if (codes ? s.radix < 2 || s.radix > 256 : s.radix != 0) return refused("codes has an impossible radix");
  }
  return Status();
}

}  // namespace

SectionParts take_apart(const Section& section, std::span<const uint8_t> bytes) {
  if (has_integers(section)) return take_integers_apart(section, bytes);
  const BlockParts& parts = parts_of(*section.type);
  const int64_t n = blocks_of(section);
  SectionParts taken;
  taken.codes.resize(static_cast<size_t>(n * parts.codes));
  taken.rest.resize(static_cast<size_t>(n * parts.rest_bytes()));
  uint8_t* rest = taken.rest.data();
  for (int64_t i = 0; i < n; ++i) {
    check_cancelled_every<4096>(static_cast<size_t>(i));
    const uint8_t* block = bytes.data() + i * parts.bytes;
    parts.take(block, taken.codes.data() + i * parts.codes);
    for (const BlockBytes& part : parts.rest) rest = std::copy_n(block + part.offset, part.size, rest);
  }
  return taken;
}

void put_together(const Section& section, const SectionParts& taken, std::span<uint8_t> bytes) {
  if (has_integers(section)) return put_integers_together(section, taken, bytes);
  const BlockParts& parts = parts_of(*section.type);
  const uint8_t* rest = taken.rest.data();
  for (int64_t i = 0, n = blocks_of(section); i < n; ++i) {
    check_cancelled_every<4096>(static_cast<size_t>(i));
    uint8_t* block = bytes.data() + i * parts.bytes;
    parts.put(taken.codes.data() + i * parts.codes, block);
    for (const BlockBytes& part : parts.rest) {
      std::copy_n(rest, part.size, block + part.offset);
      rest += part.size;
    }
  }
}

bool comes_apart(const Section& section) {
  return section.type && (has_integers(section) || parts_of(*section.type).codes > 0);
}

int64_t number_bytes(const Section& section, bool apart) {
  if (!section.type) return 1;
  const BlockParts& parts = parts_of(*section.type);
  if (has_integers(section) || section.content.narrow()) return sizeof(uint16_t);
  return apart ? parts.rest_bytes() : parts.bytes;
}

Bytes as_one_stream(const Section& section, const Bytes& bytes) {
  return section.content.narrow() ? narrowed(bytes, section.content) : bytes;
}

std::vector<Candidate> pack_codes_each_way(const Section& section, const Bytes& codes) {
  const int radix = std::max<int>(2, 1 + *std::ranges::max_element(codes));
  const bool several = bits_of_code(radix) * digits_of_byte(radix) < 8 || (1 << bits_of_code(radix)) != radix;
  std::vector<Candidate> all;
  const auto add = [&](const Bytes& from, Packing packing) {
    all.push_back({{.packing = packing, .radix = radix}, packed(from, radix, packing)});
  };
  add(codes, Packing::digits_by_row);
  if (several) add(codes, Packing::bits_by_row);
  if (!has_rows(section)) return all;
  const Bytes columns = turned(section, codes, append_columns);
  add(columns, Packing::digits_by_column);
  if (several) add(columns, Packing::bits_by_column);
  return all;
}

std::vector<Candidate> pack_numbers_each_way(const Bytes& numbers, int64_t width) {
  std::vector<Candidate> all = {{{.packing = Packing::plain}, numbers}};
  if (width > 1) all.push_back({{.packing = Packing::planes}, to_planes(numbers, width)});
  return all;
}

Result<std::vector<uint64_t>> stream_sizes(const Section& section, const SectionEntry& entry) {
  if (Status s = check_entry(section, entry); !s.ok()) return s;
  if (entry.streams.size() == 1)
    return std::vector<uint64_t>{section.content.narrow() ? section.bytes / 2 : section.bytes};
  const StreamEntry& codes = entry.streams[0];
  const uint64_t size = packed_size(static_cast<uint64_t>(section.codes), codes.radix, codes.packing);
  return std::vector<uint64_t>{size, rest_bytes(section)};
}

Result<Bytes> unpack_section(const Section& section, const SectionEntry& entry, std::vector<Bytes> streams) {
  const bool apart = streams.size() == 2;
  Bytes& numbers = streams.back();
  if (entry.streams.back().packing == Packing::planes && !numbers.empty())
    numbers = from_planes(numbers, number_bytes(section, apart));
  if (!apart) return section.content.narrow() ? widened(numbers, section.content) : std::move(numbers);
  const StreamEntry& how = entry.streams[0];
  SectionParts parts = {.codes = Bytes(static_cast<size_t>(section.codes)), .rest = std::move(numbers)};
  const bool sound = in_digits(how.packing) ? unpack_digits(streams[0], how.radix, parts.codes)
                                            : unpack_bits(streams[0], how.radix, parts.codes);
  if (!sound) return error(StatusCode::corrupt_file, "a code is not below its radix of ", how.radix);
  if (by_column(how.packing)) parts.codes = turned(section, parts.codes, append_rows);
  Bytes bytes(section.bytes);
  put_together(section, parts, bytes);
  return bytes;
}

}  // namespace tritium::artifact
