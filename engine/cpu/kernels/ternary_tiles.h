// y = x W^T for a matrix with many rows of activations, by products of tiles: 16 rows of 64 bytes.
//   sums[t][r] += sum over k < 16, j < 4 of x[t][4 k + j] w[k][4 r + j]
//
// A step is 64 columns of a block of 32 weight rows: 4 chunks, 512 bytes of codes. Plane p of chunk c of the 16 rows of
// a half becomes, as trits, row 4 c + p of the half's tile, as it lies. Activations are packed in the same order of
// columns, so nothing is transposed. The trits of a block are expanded once and stay in the L1 or L2 cache while all
// tokens meet them: a tile load and a tile product for 16 * 16 * 64 products, 4 instructions to expand 64 trits.
//
// Tiles is what multiplies (isa/amx_int8.h; the tests have one in plain loops), V what expands and scales.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/accumulate_segment.h"
#include "cpu/kernels/elementwise.h"
#include "cpu/kernels/ternary_matmul.h"

namespace tritium::cpu {
namespace {

constexpr int64_t kTileRows = 16;
constexpr int64_t kTileRowBytes = 64;
constexpr int64_t kTileBytes = kTileRows * kTileRowBytes;
constexpr int64_t kStepChunks = kTileRowBytes / kChunkColumns;
constexpr int64_t kPairTokens = 2 * kTileRows;  // two panels meet the two halves of a block at a time

// Fewer rows fill no tile. Segments that are no whole steps are left to the products of vectors, too: no file has them.
TRITIUM_INLINE bool takes_tiles(int64_t rows, int64_t segment_chunks) {
  return rows >= kTileRows && segment_chunks % kStepChunks == 0;
}

// A panel of w <= 16 rows: (steps, w, 64 bytes). Tiles read 16 rows of it, the last ones from what follows
// (kPackedSlack); their sums are not used.
template <typename V>
void pack_tiles(const TernaryActivations& a, int64_t first, int64_t last) {
  const int64_t width = last - first;
  int8_t* panel = a.packed + first * a.chunks * 4 * V::kPlanes;
  for (int64_t t = 0; t < width; ++t) {
    const int8_t* q = a.q + a.q_rows[first + t] * a.chunks * kChunkColumns;
    for (int64_t c = 0; c < a.chunks; ++c)
      BytePlanes<V::kLanes>::pack_chunk(q + c * kChunkColumns, panel + (c / kStepChunks * width + t) * kTileRowBytes +
                                                                   c % kStepChunks * kChunkColumns);
  }
  pack_scales(a, first, last);
}

// The trits of `steps` steps: (steps, 2 halves, 16, 64 bytes).
template <typename V>
[[gnu::noinline]] void expand_trits(const uint32_t* words, int64_t steps, int8_t* trits) {
  using Bytes = typename V::Bytes;
  for (int64_t chunk = 0; chunk < steps * kStepChunks; ++chunk) {
    int8_t* tiles = trits + chunk / kStepChunks * 2 * kTileBytes + chunk % kStepChunks * 4 * kTileRowBytes;
    TRITIUM_UNROLL
    for (int64_t row = 0; row < kBlockRows; row += V::kLanes) {
      const auto w = V::load(words + chunk * kRowStride + row);
      int8_t* to = tiles + row / kTileRows * kTileBytes + row % kTileRows * 4;
      TRITIUM_UNROLL
      for (int p = 0; p < 4; ++p) {
        const auto codes = reinterpret_cast<Bytes>(w >> (2 * p) & 0x03030303u);
        V::store(to + p * kTileRowBytes, codes - static_cast<int8_t>(1));
      }
    }
  }
}

// Up to 32 rows of activations and a block of weight rows.
template <typename Tiles, typename V>
struct TilePair {
  alignas(64) int32_t sums[2][2][kTileRows][kTileRows];  // of the segment: [panel][half of the block]
  alignas(64) float y[kPairTokens][kBlockRows];          // of the segments before it

  static constexpr int64_t kVectors = kTileRows / V::kLanes;  // of a tile's row

  // y += what the sums of segment `segment` are.
  void add_segment(const TernaryProduct& m, int64_t block, int64_t token, int64_t tokens, int64_t segment) {
    const int64_t chunk = segment * m.segment_chunks, n_blocks = m.layout.chunks / m.block_chunks;
    const float* weight_scales = m.weight_scales + m.layout.scale({block, 0}, chunk / m.group_chunks);
    for (int64_t t = 0; t < tokens; ++t) {
      const int64_t panel = t / kTileRows, row = t % kTileRows;
      const int64_t width = tokens - panel * kTileRows < kTileRows ? tokens - panel * kTileRows : kTileRows;
      const float x_scale =
          m.packed_scales[(token + panel * kTileRows) * n_blocks + chunk / m.block_chunks * width + row];
      TRITIUM_UNROLL
      for (int64_t half = 0; half < 2; ++half) {
        TRITIUM_UNROLL
        for (int64_t v = 0; v < kVectors; ++v) {
          const int64_t lane = half * kTileRows + v * V::kLanes;
          auto sum = V::template load_as<typename V::F>(&y[t][lane]);
          accumulate_segment<V>(sum, V::load(weight_scales + lane), x_scale,
                                V::template load_as<typename V::I>(&sums[panel][half][row][v * V::kLanes]));
          V::store(&y[t][lane], sum);
        }
      }
    }
  }

  void store(const TernaryProduct& m, int64_t block, int64_t token, int64_t tokens) const {
    const int64_t rows = m.layout.rows, first = block * kBlockRows;
    for (int64_t t = 0; t < tokens; ++t)
      for (int64_t lane = 0; lane < kBlockRows; lane += V::kLanes) {
        const int64_t valid = rows - first - lane < V::kLanes ? rows - first - lane : V::kLanes;
        if (valid > 0) store_up_to<V>(m.y + m.y_rows[token + t] * rows + first + lane, V::load(&y[t][lane]), valid);
      }
  }

  // Chunks first … last - 1, whole steps, whose trits are `trits`: adds to sums, and to y where a segment ends.
  void multiply(Tiles& tiles, const TernaryProduct& m, int64_t block, int64_t token, int64_t tokens,
                const int8_t* trits, int64_t first, int64_t last) {
    const int64_t row_bytes = m.layout.chunks * 4 * V::kPlanes;
    const int64_t widths[2] = {tokens < kTileRows ? tokens : kTileRows, tokens - kTileRows};
    const int8_t* x[2] = {m.packed + token * row_bytes, m.packed + (token + kTileRows) * row_bytes};
    for (int64_t chunk = first; chunk < last;) {
      const int64_t segment = chunk / m.segment_chunks, end_of_segment = (segment + 1) * m.segment_chunks;
      const int64_t end = end_of_segment < last ? end_of_segment : last;
      if (chunk == segment * m.segment_chunks)
        tiles.clear();
      else
        tiles.load(&sums[0][0][0][0]);
      const int64_t step = chunk / kStepChunks, steps = (end - chunk) / kStepChunks;
      const int8_t* w = trits + (chunk - first) / kStepChunks * 2 * kTileBytes;
      const int64_t strides[2] = {widths[0] * kTileRowBytes, widths[1] * kTileRowBytes};
      if (widths[1] > 0)
        tiles.multiply_two(x[0] + step * strides[0], strides[0], x[1] + step * strides[1], strides[1], w, steps);
      else
        tiles.multiply_one(x[0] + step * strides[0], strides[0], w, steps);
      tiles.store(&sums[0][0][0][0]);
      if (end == end_of_segment) add_segment(m, block, token, tokens, segment);
      chunk = end;
    }
  }
};

// Blocks of weight rows first … last - 1. Rows so long that their trits do not stay in the L2 cache are taken in
// strips; what pairs of panels have by then is kept, for as many as are met by one strip.
template <typename Tiles, typename V>
void ternary_tiles(const TernaryProduct& m, int64_t first, int64_t last) {
  constexpr int64_t kMaxStrip = 256;  // chunks: 128 KB of trits
  constexpr int64_t kPairs = 4;
  alignas(64) int8_t trits[kMaxStrip / kStepChunks * 2 * kTileBytes];
  TilePair<Tiles, V> pairs[kPairs];
  Tiles tiles;
  const int64_t chunks = m.layout.chunks, n = m.n_tokens;
  const int64_t n_strips = (chunks + kMaxStrip - 1) / kMaxStrip;
  const int64_t strip = (chunks / kStepChunks + n_strips - 1) / n_strips * kStepChunks;
  const int64_t at_once = n_strips == 1 ? n : kPairs * kPairTokens;
  for (int64_t block = first; block < last; ++block)
    for (int64_t start = 0; start < n; start += at_once)
      for (int64_t chunk = 0; chunk < chunks; chunk += strip) {
        const int64_t end = chunk + strip < chunks ? chunk + strip : chunks;
        expand_trits<V>(m.trits.at({block, 0}, chunk), (end - chunk) / kStepChunks, trits);
        for (int64_t token = start; token < start + at_once && token < n; token += kPairTokens) {
          const int64_t tokens = n - token < kPairTokens ? n - token : kPairTokens;
          TilePair<Tiles, V>& pair = pairs[token / kPairTokens % kPairs];
          if (chunk == 0) __builtin_memset(pair.y, 0, sizeof pair.y);
          pair.multiply(tiles, m, block, token, tokens, trits, chunk, end);
          if (end == chunks) pair.store(m, block, token, tokens);
        }
      }
}

// The family: tiles where there are rows enough, V's kernels elsewhere.
template <typename Tiles, typename V>
constexpr TernaryKernels tiled_kernels() {
  TernaryKernels kernels = ternary_kernels<V>();
  kernels.panel_tokens = [](int64_t rows, int64_t segment_chunks) -> int64_t {
    return takes_tiles(rows, segment_chunks) ? kTileRows : V::kPanelTokens;
  };
  kernels.pack_activations = [](const TernaryActivations& a, int64_t rows, int64_t first, int64_t last) {
    takes_tiles(rows, a.segment_chunks) ? pack_tiles<V>(a, first, last) : pack_activations<V>(a, rows, first, last);
  };
  kernels.ternary_matmul = [](const TernaryProduct& m, int64_t first, int64_t last) {
    if (!takes_tiles(m.n_tokens, m.segment_chunks)) return ternary_matmul<V>(m, first, last);
    if (!is_base3(m)) return ternary_tiles<Tiles, V>(m, first, last);
    expand_blocks<V>(m, first, last, [](const TernaryProduct& expanded, int64_t block) {
      ternary_tiles<Tiles, V>(expanded, block, block + 1);
    });
  };
  return kernels;
}

}  // namespace
}  // namespace tritium::cpu
