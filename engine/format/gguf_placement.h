// Where the tensors of a GGUF file lie, checked against each other and against the file.
#pragma once

#include <cstdint>
#include <vector>

#include "format/gguf_header.h"
#include "tritium/status.hpp"

namespace tritium {

// `tensors` as listed in the header, which ends at `header_end`: offsets count from the data section. Makes them count
// from the beginning of the file and decides which layout id 42 stands for. corrupt_file, with tensor and numbers: an
// offset that is not aligned or outside the file, tensors that overlap, gaps of more than padding.
Status place_tensors(std::vector<GgufTensorHeader>& tensors, uint64_t header_end, uint64_t file_size,
                     uint64_t alignment);

}  // namespace tritium
