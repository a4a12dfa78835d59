// Rows in chunks, by several threads: a round has a chunk for each, and its results are taken in order.
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/cancel.h"
#include "base/caught.h"
#include "base/thread_pool.h"
#include "tritium/status.hpp"

namespace tritium {

// Rows of a chunk: about a million elements, and whole units of 128 of them.
inline int64_t rows_of_chunk(int64_t cols) {
  const int64_t unit = 128 / std::gcd<int64_t>(cols, 128);
  return std::max<int64_t>(1, (int64_t{1} << 20) / cols / unit) * unit;
}

// work(slot, first, n) for each chunk, on any thread; then take(slot) for each of the round, on this one. Asks whether
// it goes on between rounds.
template <typename Work, typename Take>
Status for_chunks(ThreadPool& pool, int64_t n_rows, int64_t cols, const Work& work, const Take& take) {
  const int64_t size = rows_of_chunk(cols), slots = pool.threads();
  for (int64_t first = 0; first < n_rows; first += size * slots) {
    check_cancelled();
    const int64_t n = std::min(slots, (n_rows - first + size - 1) / size);
    std::vector<Status> done(static_cast<size_t>(n));
    pool.for_each(n, [&](int64_t slot) noexcept {
      const CancelShield shield;
      const int64_t begin = first + slot * size;
      try {
        done[static_cast<size_t>(slot)] = work(static_cast<size_t>(slot), begin, std::min(size, n_rows - begin));
      } catch (...) {
        done[static_cast<size_t>(slot)] = caught();
      }
    });
    for (int64_t slot = 0; slot < n; ++slot) {
      if (!done[static_cast<size_t>(slot)].ok()) return done[static_cast<size_t>(slot)];
      if (Status s = take(static_cast<size_t>(slot)); !s.ok()) return s;
    }
  }
  return Status();
}

}  // namespace tritium
