// Logits of a model through the public API, and how far two sets of them are apart.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tritium/tritium.hpp"

namespace tritium {

// With a KV cache of f32: what is computed, not what a cache rounds.
inline Result<std::vector<float>> logits_of(const Model& model, const std::vector<int32_t>& tokens,
                                            Activations activations) {
  Result<Session> session = model.create_session({.activations = activations, .kv = KvCacheType::f32});
  if (!session.ok()) return session.status();
  return session->evaluate_all(tokens);
}

inline Result<std::vector<float>> logits_of(const std::string& path, const std::string& backend,
                                            const std::vector<int32_t>& tokens, Activations activations) {
  const Result<Runtime> runtime = Runtime::create({.backend = backend});
  if (!runtime.ok()) return runtime.status();
  const Result<Model> model = runtime->load(path);
  if (!model.ok()) return model.status();
  return logits_of(*model, tokens, activations);
}

// || a - b || / || b ||; 1e9: they are not of one size.
inline double relative_distance(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size() || b.empty()) return 1e9;
  double difference = 0, size = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
    size += double{b[i]} * b[i];
  }
  return std::sqrt(difference / size);
}

// The largest KL(softmax(b) || softmax(a)) of any row.
inline double largest_divergence(const std::vector<float>& a, const std::vector<float>& b, size_t cols) {
  if (a.size() != b.size() || b.empty()) return 1e9;
  const auto log_sum = [cols](const float* row) {
    const double top = *std::max_element(row, row + cols);
    double sum = 0;
    for (size_t i = 0; i < cols; ++i) sum += std::exp(row[i] - top);
    return top + std::log(sum);
  };
  double worst = 0;
  for (size_t first = 0; first < b.size(); first += cols) {
    const double of_a = log_sum(&a[first]), of_b = log_sum(&b[first]);
    double divergence = 0;
    for (size_t i = first; i < first + cols; ++i) divergence += std::exp(b[i] - of_b) * ((b[i] - of_b) - (a[i] - of_a));
    worst = std::max(worst, divergence);
  }
  return worst;
}

}  // namespace tritium
