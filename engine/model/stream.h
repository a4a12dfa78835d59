// The residual stream from the tokens to the head, around the halves of layers (layer.h): of inference and of training.
// Most architectures have an embedding and layers and nothing else; the rest are LabConfig's parts.
#pragma once

#include <vector>

#include "model/layer.h"

namespace tritium {

// What a pass reads, beside the parameters.
struct StreamInputs {
  Tensor tokens;       // i32 [R]
  Tensor bigrams;      // i32 [R] (bigram.h), or none
  Tensor rows;         // i32 [R, 2] (ops/op.h)
  Tensor smear_cache;  // f32 [capacity, dim] of a pass that goes on with a sequence, or none
};

class Stream {
 public:
  // The stream before the layers. What is given outlives this.
  Stream(Tape& tape, const Config& config, const ModelParameters& parameters, const StreamInputs& inputs,
         ActivationMode activations);

  // What the layer of step `step` of Config::order reads: the stream, and what is mixed into it.
  Value input_of_step(size_t step);
  // Beside the stream: what that layer's values and its per-layer embedding get.
  LayerEmbeddings embeddings_of_step(size_t step);
  // The layer's result is the stream now.
  void end_step(size_t step, const Value& x);

  const Value& value() const { return x_; }

 private:
  Value embed();
  void embed_values();

  Tape& tape_;
  const Config& config_;
  const ModelParameters& parameters_;
  const StreamInputs& inputs_;
  ActivationMode activations_;
  Value x_, x0_, value_embedding_;
  std::vector<Value> results_;  // of layers that feed others
  std::vector<bool> computed_;
};

}  // namespace tritium
