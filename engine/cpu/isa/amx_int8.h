// Tiles of AMX-TILE and AMX-INT8 (Sapphire Rapids 2023 and later): 8 registers of 16 rows of 64 bytes. Tiles 0 … 3 hold
// sums: [panel of activations][half of the block].
#pragma once

#include <immintrin.h>

#include "cpu/isa/vector.h"

namespace tritium::cpu {
namespace {

// While one lives, this thread's tiles are configured; then they are released, and the system has none to save when the
// thread loses its processor.
class AmxTiles {
 public:
  [[gnu::always_inline]] AmxTiles() {
    alignas(64) Configuration configuration;
    for (int tile = 0; tile < 8; ++tile) configuration.row_bytes[tile] = kRowBytes, configuration.rows[tile] = 16;
    written(&configuration);
    _tile_loadconfig(&configuration);
  }
  [[gnu::always_inline]] ~AmxTiles() { _tile_release(); }
  AmxTiles(const AmxTiles&) = delete;
  AmxTiles& operator=(const AmxTiles&) = delete;

  TRITIUM_INLINE void clear() {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  TRITIUM_INLINE void load(const int32_t* sums) {
    written(sums);
    _tile_loadd(0, sums, kRowBytes);
    _tile_loadd(1, sums + 256, kRowBytes);
    _tile_loadd(2, sums + 512, kRowBytes);
    _tile_loadd(3, sums + 768, kRowBytes);
  }
  TRITIUM_INLINE void store(int32_t* sums) {
    _tile_stored(0, sums, kRowBytes);
    _tile_stored(1, sums + 256, kRowBytes);
    _tile_stored(2, sums + 512, kRowBytes);
    _tile_stored(3, sums + 768, kRowBytes);
  }

  // Two panels of activations, whose tiles of successive steps are strides apart, times two tiles of trits a step.
  TRITIUM_INLINE void multiply_two(const int8_t* x0, int64_t stride0, const int8_t* x1, int64_t stride1,
                                   const int8_t* w, int64_t steps) {
    written(w);
    for (; steps > 0; --steps, x0 += stride0, x1 += stride1, w += 2048) {
      _tile_loadd(4, x0, kRowBytes);
      _tile_loadd(6, w, kRowBytes);
      _tile_loadd(7, w + 1024, kRowBytes);
      _tile_dpbssd(0, 4, 6);
      _tile_dpbssd(1, 4, 7);
      _tile_loadd(5, x1, kRowBytes);
      _tile_dpbssd(2, 5, 6);
      _tile_dpbssd(3, 5, 7);
    }
  }
  TRITIUM_INLINE void multiply_one(const int8_t* x, int64_t stride, const int8_t* w, int64_t steps) {
    written(w);
    for (; steps > 0; --steps, x += stride, w += 2048) {
      _tile_loadd(4, x, kRowBytes);
      _tile_loadd(6, w, kRowBytes);
      _tile_loadd(7, w + 1024, kRowBytes);
      _tile_dpbssd(0, 4, 6);
      _tile_dpbssd(1, 4, 7);
    }
  }

 private:
  static constexpr long kRowBytes = 64;

  struct Configuration {  // palette 1 of LDTILECFG
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t row_bytes[16] = {};
    uint8_t rows[16] = {};
  };
  static_assert(sizeof(Configuration) == 64);

  // GCC's intrinsics do not say which memory they read (amxtileintrin.h): what was stored must be there before them.
  TRITIUM_INLINE void written(const void* memory) { asm volatile("" : : "r"(memory) : "memory"); }
};

}  // namespace
}  // namespace tritium::cpu
