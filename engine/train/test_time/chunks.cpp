#include "train/test_time/chunks.h"

#include <algorithm>

namespace tritium::training {

std::vector<Chunk> chunks_of(const SlidingWindows& windows, int64_t chunk) {
  std::vector<Chunk> chunks;
  Chunk open = {.first_token = 1};
  for (int64_t i = 0; i < windows.count(); ++i) {
    open.end_window = i + 1;
    open.end_token = windows[i].end;
    if (open.end_token / chunk == open.first_token / chunk && i + 1 < windows.count()) continue;
    chunks.push_back(open);
    open = {.first_window = i + 1, .first_token = open.end_token};
  }
  return chunks;
}

int64_t default_chunk(int64_t tokens, int64_t window) {
  constexpr int64_t kChunk = 32768, kChunksOfAShortText = 8;
  return std::min(kChunk, std::max(window, tokens / kChunksOfAShortText));
}

}  // namespace tritium::training
