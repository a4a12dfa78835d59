// Which layout a weight gets: rows32, or base3, which is less to read and more to decode.
#pragma once

#include <mutex>
#include <string_view>

#include "cpu/kernels.h"
#include "tritium/options.hpp"

namespace tritium::cpu {

// Thread rule: any thread may ask; the first one may have to measure.
class Layouts {
 public:
  // `kernels` must outlive it.
  Layouts(const TernaryKernels& kernels, WeightLayout wanted) : kernels_(kernels), wanted_(wanted) {}

  // Of a stack with so many rows in all, padding included, of so many words of 16 codes.
  bool takes_base3(int64_t rows, int64_t chunks) const;
  // Names the order of words: caches of weights go by it. Which of two a large weight got is told by its size.
  std::string_view name() const;

 private:
  bool base3_is_faster() const;

  const TernaryKernels& kernels_;
  const WeightLayout wanted_;
  mutable std::once_flag measured_;
  mutable bool faster_ = false;
};

}  // namespace tritium::cpu
