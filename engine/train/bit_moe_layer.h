// BitMoELayer: the matrices of a mixture of experts (or of a dense feed-forward part) that train as trits. Everything
// that shares the block's alpha is listed in matrices(): what counts in it is quantised with it, dropped with it and
// counted in memory with it. What a mixture computes is in model/feed_forward.cpp.
#pragma once

#include <vector>

#include "train/bit_linear.h"

namespace tritium::training {

// The parts belong to whoever made them, and must outlive the layer.
struct BitMoELayer {
  BitLinear* gate = nullptr;                  // [n_experts, width, dim]
  BitLinear* up = nullptr;                    // the same
  BitLinear* down = nullptr;                  // [n_experts, dim, width]
  std::vector<BitLinear*> ple_projections{};  // of per-layer embeddings; they share the block's alpha

  // Those that share an alpha under ScaleSync::per_block.
  std::vector<BitLinear*> matrices() const {
    std::vector<BitLinear*> all = {gate, up, down};
    all.insert(all.end(), ple_projections.begin(), ple_projections.end());
    return all;
  }
  // Frees the shadows of all of them.
  void drop_shadow() const {
    for (BitLinear* matrix : matrices()) matrix->drop_shadow();
  }
};

}  // namespace tritium::training
