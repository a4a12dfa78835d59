// The vector of a text: hidden values of its tokens, pooled (Reimers & Gurevych 2019, section 3) and of length 1.
#include <cmath>

#include "api/state.h"
#include "base/cancel.h"
#include "base/caught.h"
#include "base/format_text.h"

namespace tritium {
namespace {

double length_of(std::span<const float> v) {
  double sum = 0;
  for (const float x : v) sum += double{x} * x;
  return std::sqrt(sum);
}

// The mean of rows of `dim` values.
std::vector<float> mean_of(std::span<const float> rows, size_t dim) {
  std::vector<double> sums(dim);
  for (size_t i = 0; i < rows.size(); ++i) sums[i % dim] += rows[i];
  std::vector<float> mean(dim);
  const size_t n = rows.size() / dim;
  for (size_t i = 0; i < dim; ++i) mean[i] = static_cast<float>(sums[i] / static_cast<double>(n));
  return mean;
}

}  // namespace

Result<std::vector<float>> Model::embed(std::string_view text, const EmbeddingOptions& options) const try {
  if (!state_) return error(StatusCode::invalid_argument, "this model was moved from: use the one it was moved to");
  const CancelScope scope(options.keep_going);
  if (!state_->tokenizer)
    return error(StatusCode::unsupported, state_->info.path,
                 ": text needs a tokenizer: ", state_->info.tokenizer_problem);
  const Pooling pooling = options.pooling == Pooling::of_model ? state_->pooling : options.pooling;
  const std::vector<int32_t> tokens = state_->tokenizer->encode(text, {.add_eos = true});
  const auto n = static_cast<int64_t>(tokens.size());
  if (n == 0) return error(StatusCode::invalid_argument, "the text has no tokens");
  if (n > state_->config.context_length)
    return error(StatusCode::invalid_argument, "the text has ", n, " tokens, this model takes at most ",
                 state_->config.context_length);
  Result<Session> session = create_session({.context = n, .activations = options.activations, .kv = options.kv});
  if (!session.ok()) return session.status();
  Result<std::vector<float>> vector = session->state_->hidden(tokens, pooling == Pooling::mean);
  if (!vector.ok()) return vector;
  if (pooling == Pooling::mean) vector = mean_of(*vector, static_cast<size_t>(state_->config.dim));
  if (!options.normalize) return vector;
  const double length = length_of(*vector);
  if (length > 0)
    for (float& x : *vector) x = static_cast<float>(x / length);
  return vector;
} catch (...) {
  return caught();
}

}  // namespace tritium
