// The chunks of a text: what is scored with the same weights, and then learned from.
#pragma once

#include <vector>

#include "text/sliding_windows.h"

namespace tritium::training {

struct Chunk {
  int64_t first_window = 0, end_window = 0;
  int64_t first_token = 0, end_token = 0;  // that these score

  int64_t tokens() const { return end_token - first_token; }
};

// A chunk ends with the first window that reaches the next multiple of `chunk` tokens: so windows, and with them
// scores, are those of Model::evaluate().
std::vector<Chunk> chunks_of(const SlidingWindows& windows, int64_t chunk);

// The tokens of a chunk of a text, where none are asked for: many chunks even of a short one, each at least a window.
int64_t default_chunk(int64_t tokens, int64_t window);

}  // namespace tritium::training
