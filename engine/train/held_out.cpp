#include "train/held_out.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

#include "base/format_text.h"

namespace tritium::training {
namespace {

constexpr int64_t kMostTokens = 1 << 18;
constexpr int64_t kSampleTokens = 1 << 14;  // at least

// Of the tokens that are scored.
double bytes_per_token(std::span<const Batch> batches, const Tokenizer& tokenizer) {
  int64_t bytes = 0, tokens = 0;
  for (const Batch& b : batches) {
    tokens += b.n_scored;
    for (size_t i = 0; i < b.targets.size(); ++i)
      if (b.targets[i] >= 0) bytes += tokenizer.text_bytes(b.inputs[i], b.targets[i]);
  }
  return static_cast<double>(std::max<int64_t>(1, bytes)) / static_cast<double>(std::max<int64_t>(1, tokens));
}

}  // namespace

HeldOut::HeldOut(const CorpusTokens& text, const Tokenizer& tokenizer, int64_t context, int64_t sequences,
                 int64_t between)
    : all_(evaluation_batches(text, context, sequences)) {
  const int64_t tokens = sequences * context;
  const auto batches_of = [&](int64_t n) { return static_cast<size_t>(std::max<int64_t>(1, n / tokens)); };
  if (all_.size() > batches_of(kMostTokens)) all_.resize(batches_of(kMostTokens));
  n_sample_ = std::min(all_.size(), batches_of(std::max(kSampleTokens, between)));
  bytes_per_token_ = bytes_per_token(all_, tokenizer);
  bytes_per_token_of_sample_ = bytes_per_token(std::span(all_).first(n_sample_), tokenizer);
}

Result<double> HeldOut::mean(Ops& ops, Workspace& workspace, Transformer& model, size_t n_batches) const {
  double total = 0;
  int64_t scored = 0;
  for (const Batch& b : std::span(all_).first(n_batches)) {
    const double loss = model.loss(ops, workspace, {b.n_sequences, b.sequence_length, b.inputs, b.targets}, {});
    if (ops.ok() && !std::isfinite(loss))
      return error(StatusCode::device_error, "the loss of held-out text is ", loss,
                   model.first_not_finite(ops.backend()), "; a smaller learning_rate or a smaller clip may help");
    total += loss;
    scored += b.n_scored;
  }
  if (Status s = ops.finish(); !s.ok()) return s;
  return scored > 0 ? total / static_cast<double>(scored) : 0.0;
}

double HeldOut::bits_per_byte(double nats_per_token) const {
  return nats_per_token / std::numbers::ln2 / bytes_per_token_;
}

double HeldOut::bits_per_byte_of_sample(double nats_per_token) const {
  return nats_per_token / std::numbers::ln2 / bytes_per_token_of_sample_;
}

}  // namespace tritium::training
