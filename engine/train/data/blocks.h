// Values of which nobody knows how many will come, in blocks: a vector that grows would be in memory twice.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace tritium {

// Blocks are so large that what is freed goes back to the system.
template <typename T, size_t kBlock = (size_t{64} << 20) / sizeof(T)>
class Blocks {
 public:
  void append(const T* values, size_t n) {
    size_ += n;
    while (n > 0) {
      if (blocks_.empty() || blocks_.back().size() == kBlock) {
        blocks_.emplace_back();
        if (blocks_.size() > 1) blocks_.back().reserve(kBlock);  // a short text stays small
      }
      const size_t part = std::min(n, kBlock - blocks_.back().size());
      blocks_.back().insert(blocks_.back().end(), values, values + part);
      values += part;
      n -= part;
    }
  }
  size_t size() const { return size_; }

  // Those from `first` on, which leave.
  std::vector<T> take_from(size_t first) {
    std::vector<T> values;
    values.reserve(size_ - first);
    for (size_t i = first / kBlock; i < blocks_.size(); ++i) {
      std::vector<T>& block = blocks_[i];
      const size_t kept = i == first / kBlock ? first % kBlock : 0;
      values.insert(values.end(), block.begin() + static_cast<std::ptrdiff_t>(kept), block.end());
      block.resize(kept);
      if (kept == 0) block.shrink_to_fit();
    }
    blocks_.resize((first + kBlock - 1) / kBlock);
    size_ = first;
    return values;
  }

 private:
  std::vector<std::vector<T>> blocks_;  // all full but the last one
  size_t size_ = 0;
};

}  // namespace tritium
