// What published exports made of the shadows of a trained model, where training saw something else (parameter-golf,
// pull requests 314, 549, 640 and 910).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tritium::training {

enum class Fault {
  scale_floor,             // s = max(max |w| / qmax, 1 / qmax)
  export_clip,             // s by the best of five quantiles of |w|, one for a matrix
  bf16_input,              // the shadows are rounded to BF16 first
  unquantised_validation,  // none at all: what is validated are the shadows
  prune_after,             // the smallest 5 % (attention: 3 %) become 0 after training
  scale_unrounded,         // scales keep the bits that the file's type has no room for
  projections_f16,         // shadows of the projections of embeddings, which training quantised, as F16
  attention_after,         // attention, which training did not quantise, as int6
  embedding_after,         // the embedding, likewise, as int8
  requantise_twice,        // trits of what the trits stand for, whose mean is a smaller alpha
};

// One matrix as training quantises it, or leaves it: then both sets of values are the same.
struct QuantisedMatrix {
  std::span<const float> shadow;
  std::span<const float> trained;  // what the forward pass multiplied with
  int64_t cols = 0;
  int qmax = 0;            // of integers; 0: trits
  int64_t group_size = 0;  // columns that share a scale; 0: a row
  bool quantised = true;
  bool attention = false;
  bool embedding = false;
  bool projection = false;  // of an embedding of bigrams or of values
};

// What the faulty export has in its place.
std::vector<float> faulty_values(Fault fault, const QuantisedMatrix& matrix);

}  // namespace tritium::training
