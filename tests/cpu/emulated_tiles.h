// The tiles of isa/amx_int8.h in plain loops, on the same layout: 4 sums, [panel][half of a block], of 16 x 16.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>

namespace tritium::cpu {

class EmulatedTiles {
 public:
  static inline std::atomic<int64_t> steps_taken = 0;

  void clear() { std::memset(sums_, 0, sizeof sums_); }
  void load(const int32_t* sums) { std::memcpy(sums_, sums, sizeof sums_); }
  void store(int32_t* sums) const { std::memcpy(sums, sums_, sizeof sums_); }

  void multiply_two(const int8_t* x0, int64_t stride0, const int8_t* x1, int64_t stride1, const int8_t* w,
                    int64_t steps) {
    for (int64_t step = 0; step < steps; ++step) {
      add_products(0, x0 + step * stride0, w + step * 2048);
      add_products(1, x1 + step * stride1, w + step * 2048);
    }
    steps_taken += steps;
  }
  void multiply_one(const int8_t* x, int64_t stride, const int8_t* w, int64_t steps) {
    for (int64_t step = 0; step < steps; ++step) add_products(0, x + step * stride, w + step * 2048);
    steps_taken += steps;
  }

 private:
  // TDPBSSD for both halves: dword n of row m grows by the products of the bytes of dword k of row m of x and of dword
  // n of row k of w.
  void add_products(int panel, const int8_t* x, const int8_t* w) {
    for (int half = 0; half < 2; ++half)
      for (int m = 0; m < 16; ++m)
        for (int n = 0; n < 16; ++n)
          for (int k = 0; k < 16; ++k)
            for (int byte = 0; byte < 4; ++byte)
              sums_[panel][half][m][n] += x[64 * m + 4 * k + byte] * w[1024 * half + 64 * k + 4 * n + byte];
  }

  int32_t sums_[2][2][16][16] = {};
};

}  // namespace tritium::cpu
