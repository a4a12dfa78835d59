// The held-out text of a run: all of it is scored before and after training, a part along the way.
#pragma once

#include "train/data/batch.h"
#include "train/data/corpus.h"
#include "train/transformer.h"

namespace tritium::training {

class HeldOut {
 public:
  // In batches of `sequences` of `context` tokens. `between`: tokens that are trained on between two evaluations; along
  // the way about as many are scored, so that evaluating never takes most of the time.
  HeldOut(const CorpusTokens& text, const Tokenizer& tokenizer, int64_t context, int64_t sequences, int64_t between);

  // Mean loss of the scored tokens, nats.
  Result<double> loss(Ops& ops, Workspace& workspace, Transformer& model) const {
    return mean(ops, workspace, model, all_.size());
  }
  Result<double> loss_of_sample(Ops& ops, Workspace& workspace, Transformer& model) const {
    return mean(ops, workspace, model, n_sample_);
  }
  const Batch& first() const { return all_.front(); }
  // Of loss(), and of loss_of_sample(): it does not depend on the vocabulary, since the bytes are those of the text
  // that is scored.
  double bits_per_byte(double nats_per_token) const;
  double bits_per_byte_of_sample(double nats_per_token) const;

 private:
  Result<double> mean(Ops& ops, Workspace& workspace, Transformer& model, size_t n_batches) const;

  std::vector<Batch> all_;
  size_t n_sample_ = 1;
  double bytes_per_token_ = 1;
  double bytes_per_token_of_sample_ = 1;
};

}  // namespace tritium::training
