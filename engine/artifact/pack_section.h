// A section as frames of zstd, in whichever packing they are smallest.
#pragma once

#include <cstddef>
#include <vector>

#include "artifact/section_codec.h"
#include "tritium/artifact.hpp"

namespace tritium::artifact {

struct PackedSection {
  SectionEntry entry;
  std::vector<std::vector<std::byte>> frames;  // of each of its streams
  std::vector<PackedStream> streams;           // what is said of them
};

// Checks that the same bytes come back.
Result<PackedSection> pack_section(const Section& section, const Bytes& bytes, int level);

}  // namespace tritium::artifact
