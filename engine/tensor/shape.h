// Sizes of a tensor, outermost dimension first: a weight is [out, in], a stack of experts [expert, out, in].
#pragma once

#include <array>
#include <cassert>
#include <cstdint>
#include <initializer_list>
#include <string>

namespace tritium {

class Shape {
 public:
  static constexpr int kMaxRank = 4;

  Shape() = default;
  Shape(std::initializer_list<int64_t> dims) : rank_(static_cast<int>(dims.size())) {
    assert(dims.size() <= kMaxRank);
    int i = 0;
    for (int64_t d : dims) dims_[static_cast<size_t>(i++)] = d;
  }

  int rank() const { return rank_; }
  // Negative indices count from the last dimension: shape[-1] is the row length.
  int64_t operator[](int i) const { return dims_[static_cast<size_t>(i < 0 ? rank_ + i : i)]; }
  int64_t elements() const {
    int64_t n = 1;
    for (int i = 0; i < rank_; ++i) n *= dims_[static_cast<size_t>(i)];
    return n;
  }
  bool operator==(const Shape&) const = default;

  std::string text() const {  // "[4,256]"
    std::string s = "[";
    for (int i = 0; i < rank_; ++i) {
      if (i > 0) s += ',';
      s += std::to_string(dims_[static_cast<size_t>(i)]);
    }
    return s += ']';
  }

 private:
  std::array<int64_t, kMaxRank> dims_{};
  int rank_ = 0;
};

}  // namespace tritium
