// The bytes of a section as streams, and back.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "artifact/container.h"
#include "artifact/sections.h"

namespace tritium::artifact {

// The blocks of a section taken apart, piece by piece.
struct SectionParts {
  Bytes codes, rest;
};

SectionParts take_apart(const Section& section, std::span<const uint8_t> bytes);
// `bytes`: of the section, all of which is written.
void put_together(const Section& section, const SectionParts& parts, std::span<uint8_t> bytes);

// The one stream of a section that does not come apart: its bytes, or the halves that they stand for.
Bytes as_one_stream(const Section& section, const Bytes& bytes);

// A way to pack a stream.
struct Candidate {
  StreamEntry entry;  // without its packed size
  Bytes bytes;
};

// Whether the section becomes codes and a rest; else all is one stream.
bool comes_apart(const Section& section);

// Of codes: by rows and by columns, as digits and as bits, where those differ.
std::vector<Candidate> pack_codes_each_way(const Section& section, const Bytes& codes);
// Of numbers of `width` bytes: as they are, and by significance.
std::vector<Candidate> pack_numbers_each_way(const Bytes& numbers, int64_t width);

// Bytes of a number of the stream that is not of codes: a block, what is left of it, or a scale.
int64_t number_bytes(const Section& section, bool apart);

// The sizes of a section's streams before they are compressed. corrupt_file: the entry does not fit the section.
Result<std::vector<uint64_t>> stream_sizes(const Section& section, const SectionEntry& entry);
// What the section had, from its streams. corrupt_file: a code is not of its radix.
Result<Bytes> unpack_section(const Section& section, const SectionEntry& entry, std::vector<Bytes> streams);

}  // namespace tritium::artifact
