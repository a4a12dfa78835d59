#include "tests/train/surrogate.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

namespace tritium {
namespace {

double gate_of(double x, GateActivation activation) {
  if (activation == GateActivation::relu2) return x > 0 ? x * x : 0;
  if (activation == GateActivation::leaky_relu2) return std::pow(x > 0 ? x : x / 2, 2);
  if (activation == GateActivation::silu) return x / (1 + std::exp(-x));
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

}  // namespace

// What int8 quantisation per row adds to each value.
void Surrogate::add_int8_offsets(const std::string& weight, const Doubles& x, size_t cols) {
  Doubles& offsets = offsets_[weight];
  offsets.assign(x.size(), 0);
  for (size_t row = 0; row < x.size() / cols; ++row) {
    double top = 0;
    for (size_t c = 0; c < cols; ++c) top = std::max(top, std::abs(x[row * cols + c]));
    for (size_t i = row * cols; i < (row + 1) * cols && top > 0; ++i) {
      const double exact = x[i] * 127 / top;
      double code = std::nearbyint(exact);
      const Edge edge{weight, i, 0.5 - std::abs(exact - code)};
      if (crossed_.contains(edge)) code += exact > code ? 1 : -1;
      edges_.push_back(edge);
      offsets[i] = code * top / 127 - x[i];
    }
  }
}

std::vector<Surrogate::Edge> Surrogate::edges(double within) const {
  std::vector<Edge> near;
  std::ranges::copy_if(edges_, std::back_inserter(near), [&](const Edge& e) { return e.distance < within; });
  std::ranges::sort(near, {}, &Edge::distance);
  return near;
}

void Surrogate::cross(const std::set<Edge>& edges) {
  crossed_ = edges;
  based_ = false;
  edges_.clear();
  experts_.clear();
}

Doubles Surrogate::rms_norm(const Doubles& x, const std::string& weight, size_t dim) const {
  const Doubles& w = weights_.at(weight);
  Doubles y(x.size());
  for (size_t row = 0; row < x.size() / dim; ++row) {
    double squares = 0;
    for (size_t d = 0; d < dim; ++d) squares += x[row * dim + d] * x[row * dim + d];
    const double r = 1 / std::sqrt(squares / static_cast<double>(dim) + double{config_.rms_eps});
    for (size_t d = 0; d < dim; ++d) y[row * dim + d] = x[row * dim + d] * r * w[d];
  }
  return y;
}

// Row r of y by matrix experts[r] (0 without experts) from row r / slots of x.
Doubles Surrogate::linear(const Doubles& x, const std::string& weight, size_t rows, size_t cols, size_t slots,
                          const std::vector<size_t>& experts) {
  Doubles in = x;
  if (int8_.at(weight)) {
    if (!based_) add_int8_offsets(weight, x, cols);
    for (size_t i = 0; i < in.size(); ++i) in[i] += offsets_.at(weight)[i];
  }
  const Doubles& w = weights_.at(weight);
  const size_t n = in.size() / cols * slots;
  Doubles y(n * rows);
  for (size_t r = 0; r < n; ++r)
    for (size_t o = 0; o < rows; ++o) {
      const size_t at = ((experts.empty() ? 0 : experts[r]) * rows + o) * cols;
      for (size_t c = 0; c < cols; ++c) y[r * rows + o] += w[at + c] * in[r / slots * cols + c];
    }
  if (!weights_.contains(weight + ".lora_a")) return y;
  const Doubles &a = weights_.at(weight + ".lora_a"), &b = weights_.at(weight + ".lora_b");
  const size_t rank = b.size() / (w.size() / cols);
  for (size_t r = 0; r < n; ++r)
    for (size_t j = 0; j < rank; ++j) {
      const size_t expert = experts.empty() ? 0 : experts[r];
      double low = 0;
      for (size_t c = 0; c < cols; ++c) low += a[(expert * rank + j) * cols + c] * x[r / slots * cols + c];
      for (size_t o = 0; o < rows; ++o) y[r * rows + o] += adapter_scale_ * b[(expert * rows + o) * rank + j] * low;
    }
  return y;
}

Doubles Surrogate::rope(const Doubles& x, size_t heads, size_t dim) const {
  const auto pairs = static_cast<size_t>(config_.rope_dims) / 2;
  Doubles y = x;
  for (size_t t = 0; t < tokens(); ++t)
    for (size_t h = 0; h < heads; ++h)
      for (size_t i = 0; i < pairs; ++i) {
        const double angle = static_cast<double>(t % (tokens() / n_sequences_)) *
                             std::pow(config_.rope_base, -static_cast<double>(i) / static_cast<double>(pairs));
        const bool halves = config_.rope_pairing == RopePairing::halves;
        const size_t a = (t * heads + h) * dim + (halves ? i : 2 * i);
        const size_t b = a + (halves ? pairs : 1);
        y[a] = x[a] * std::cos(angle) - x[b] * std::sin(angle);
        y[b] = x[a] * std::sin(angle) + x[b] * std::cos(angle);
      }
  return y;
}

Doubles Surrogate::attention(const LayerConfig& layer, const Doubles& q, const Doubles& k, const Doubles& v) const {
  const auto heads = static_cast<size_t>(layer.n_heads), kv_heads = static_cast<size_t>(layer.n_kv_heads);
  const auto key = static_cast<size_t>(layer.key_dim), value = static_cast<size_t>(layer.value_dim);
  const size_t length = tokens() / n_sequences_;
  Doubles y(tokens() * heads * value);
  for (size_t t = 0; t < tokens(); ++t)
    for (size_t h = 0; h < heads; ++h) {
      double total = 0;
      for (size_t j = t / length * length; j <= t; ++j) {
        const size_t row = j * kv_heads + h / (heads / kv_heads);
        double score = 0;
        for (size_t d = 0; d < key; ++d) score += q[(t * heads + h) * key + d] * k[row * key + d];
        const double e = std::exp(score / std::sqrt(static_cast<double>(key)));
        total += e;
        for (size_t d = 0; d < value; ++d) y[(t * heads + h) * value + d] += e * v[row * value + d];
      }
      for (size_t d = 0; d < value; ++d) y[(t * heads + h) * value + d] /= total;
    }
  return y;
}

Doubles Surrogate::feed_forward(const Doubles& x, const std::string& blk, const std::string& suffix,
                                const std::vector<size_t>& experts, size_t width, size_t slots) {
  const auto dim = static_cast<size_t>(config_.dim);
  Doubles hidden = linear(x, blk + "ffn_up" + suffix, width, dim, slots, experts);
  if (config_.lab.plain_ffn) {
    for (double& value : hidden) value = gate_of(value, config_.activation);
  } else {
    const Doubles gate = linear(x, blk + "ffn_gate" + suffix, width, dim, slots, experts);
    for (size_t i = 0; i < gate.size(); ++i) hidden[i] *= gate_of(gate[i], config_.activation);
  }
  const bool shared = suffix == "_shexp.weight";
  if (config_.ffn_sub_norm && !shared) hidden = rms_norm(hidden, blk + "ffn_sub_norm.weight", width);
  return linear(hidden, blk + "ffn_down" + suffix, dim, width, 1, experts);
}

void Surrogate::add_scaled(Doubles& x, const Doubles& z, const std::string& scales, size_t dim, bool gated) const {
  const Doubles& s = weights_.at(scales);
  for (size_t i = 0; i < x.size(); ++i) {
    const double scale = s[i % dim / (dim / s.size())];
    x[i] += (gated ? 1 / (1 + std::exp(-scale)) : scale) * z[i];
  }
}

Doubles Surrogate::mixture(const Doubles& x, const std::string& blk, const LayerConfig& layer) {
  const auto n = static_cast<size_t>(config_.n_experts), k = static_cast<size_t>(config_.n_experts_used);
  const auto dim = static_cast<size_t>(config_.dim);
  const Doubles logits = linear(x, blk + "ffn_gate_inp.weight", n, dim, 1, {});
  std::vector<size_t>& chosen = experts_[blk];
  for (size_t t = 0; t < tokens() && !based_; ++t) {
    std::vector<size_t> order(n);
    std::iota(order.begin(), order.end(), 0);
    const auto key = [&](size_t e) {
      return logits[t * n + e] + (config_.lab.router_bias ? weights_.at(blk + "ffn_gate_bias.weight")[e] : 0.0);
    };
    std::ranges::stable_sort(order, [&](size_t a, size_t b) { return key(a) > key(b); });
    chosen.insert(chosen.end(), order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k));
    if (k < n) choice_margin_ = std::min(choice_margin_, key(order[k - 1]) - key(order[k]));
  }
  const Doubles out = feed_forward(x, blk, "_exps.weight", chosen, static_cast<size_t>(layer.ffn_dim), k);
  Doubles y(x.size());
  if (layer.shared_ffn_dim > 0)
    y = feed_forward(x, blk, "_shexp.weight", {}, static_cast<size_t>(layer.shared_ffn_dim), 1);
  for (size_t t = 0; t < tokens(); ++t) {
    double total = 0, kept = 0;
    for (size_t e = 0; e < n; ++e) total += std::exp(logits[t * n + e]);
    for (size_t s = 0; s < k; ++s) kept += std::exp(logits[t * n + chosen[t * k + s]]);
    for (size_t s = 0; s < k; ++s) {
      const double g = std::exp(logits[t * n + chosen[t * k + s]]) / (config_.renormalize_experts ? kept : total);
      for (size_t d = 0; d < dim; ++d) y[t * dim + d] += g * out[(t * k + s) * dim + d];
    }
    const double lse = std::log(total);
    router_loss_ += z_loss_ * lse * lse / static_cast<double>(tokens());
    for (size_t e = 0; e < n; ++e) {
      const double load = static_cast<double>(std::ranges::count(chosen, e)) / static_cast<double>(chosen.size());
      router_loss_ += balance_ * static_cast<double>(n) * load * std::exp(logits[t * n + e]) / total /
                      static_cast<double>(tokens());
    }
  }
  return y;
}

Doubles Surrogate::embed() {
  const auto dim = static_cast<size_t>(config_.dim);
  const size_t length = tokens() / n_sequences_;
  const auto rows_of = [&](const std::string& table, const std::vector<size_t>& ids, size_t width) {
    Doubles rows(ids.size() * width);
    for (size_t t = 0; t < ids.size(); ++t)
      for (size_t d = 0; d < width; ++d) rows[t * width + d] = weights_.at(table)[ids[t] * width + d];
    return rows;
  };
  Doubles x = rows_of("token_embd.weight", {inputs_.begin(), inputs_.end()}, dim);
  const LabConfig& lab = config_.lab;
  if (lab.bigram_dim > 0) {
    std::vector<size_t> ids;
    const auto buckets = static_cast<size_t>(lab.bigram_buckets);
    for (size_t t = 0; t < tokens(); ++t)  // small ids: nothing leaves 32 bits
      ids.push_back(t % length == 0
                        ? buckets - 1
                        : ((36313 * static_cast<size_t>(inputs_[t])) ^ (27191 * static_cast<size_t>(inputs_[t - 1]))) %
                              (buckets - 1));
    const auto width = static_cast<size_t>(lab.bigram_dim);
    add_scaled(x, linear(rows_of("bigram_embd.weight", ids, width), "bigram_output.weight", dim, width, 1, {}),
               "bigram_scale.weight", dim);
  }
  if (lab.embedding_norm) x = rms_norm(x, "token_embd_norm.weight", dim);
  if (!lab.smear) return x;
  Doubles difference(x.size());
  for (size_t i = 0; i < x.size(); ++i) difference[i] = (i / dim % length == 0 ? 0.0 : x[i - dim]) - x[i];
  add_scaled(x, difference, "smear_gate.weight", dim, true);
  return x;
}

Doubles Surrogate::value_embedding() {
  const auto width = static_cast<size_t>(config_.lab.value_embedding_dim);
  if (width == 0) return {};
  Doubles rows(tokens() * width);
  for (size_t i = 0; i < rows.size(); ++i)
    rows[i] = weights_.at("value_embd.weight")[static_cast<size_t>(inputs_[i / width]) * width + i % width];
  const size_t v_dim = weights_.at("value_output.weight").size() / width;
  const Doubles values = linear(rows, "value_output.weight", v_dim, width, 1, {});
  Doubles scaled(values.size());
  add_scaled(scaled, values, "value_embd_scale.weight", v_dim);
  return scaled;
}

void Surrogate::per_layer_embedding(const std::string& blk, size_t width, const Doubles& x0, Doubles& x) {
  const auto dim = static_cast<size_t>(config_.dim);
  const Doubles made =
      rms_norm(linear(x0, blk + "ple_input.weight", width, dim, 1, {}), blk + "ple_norm.weight", width);
  Doubles hidden = linear(x, blk + "ple_gate.weight", width, dim, 1, {});
  const Doubles& table = weights_.at(blk + "ple_embd.weight");
  for (size_t i = 0; i < hidden.size(); ++i) {
    const double looked_up = table[static_cast<size_t>(inputs_[i / width]) * width + i % width];
    hidden[i] = gate_of(hidden[i], GateActivation::gelu) * (looked_up + made[i]) / std::sqrt(2.0);
  }
  const Doubles out =
      rms_norm(linear(hidden, blk + "ple_output.weight", dim, width, 1, {}), blk + "ple_output_norm.weight", dim);
  for (size_t i = 0; i < x.size(); ++i) x[i] += out[i];
}

Doubles Surrogate::layer(size_t i, Doubles x, const Doubles& x0, const Doubles& values) {
  const auto dim = static_cast<size_t>(config_.dim);
  const std::string blk = "blk." + std::to_string(i) + ".";
  const LayerConfig& layer = config_.layers[i];
  const auto heads = static_cast<size_t>(layer.n_heads), kv_heads = static_cast<size_t>(layer.n_kv_heads);
  const auto key = static_cast<size_t>(layer.key_dim), value = static_cast<size_t>(layer.value_dim);
  const size_t q_dim = heads * key, k_dim = kv_heads * key, v_dim = kv_heads * value, mixed_dim = heads * value;
  if (config_.lab.x0_mixing) {
    Doubles mixed(x.size());
    add_scaled(mixed, x, blk + "stream_scale.weight", dim);
    add_scaled(mixed, x0, blk + "x0_scale.weight", dim);
    x = mixed;
  }
  const Doubles in = rms_norm(x, blk + "attn_norm.weight", dim);
  Doubles q = linear(in, blk + "attn_q.weight", q_dim, dim, 1, {});
  Doubles k = linear(in, blk + "attn_k.weight", k_dim, dim, 1, {});
  Doubles v = linear(in, blk + "attn_v.weight", v_dim, dim, 1, {});
  if (layer.value_embedding) add_scaled(v, values, blk + "attn_v_scale.weight", v_dim);
  if (config_.qk_norm != QkNorm::none) {
    const bool per_head = config_.qk_norm == QkNorm::per_head;
    q = rms_norm(q, blk + "attn_q_norm.weight", per_head ? key : q_dim);
    k = rms_norm(k, blk + "attn_k_norm.weight", per_head ? key : k_dim);
  }
  q = rope(q, heads, key);
  if (config_.lab.query_gain) {
    Doubles scaled(q.size());
    add_scaled(scaled, q, blk + "attn_q_gain.weight", q_dim);
    q = scaled;
  }
  Doubles mixed = attention(layer, q, rope(k, kv_heads, key), v);
  for (size_t row = 0; layer.exclusive && row < tokens() * heads; ++row) {
    const double* own = v.data() + row / (heads / kv_heads) * value;
    double squares = 0, along = 0;
    for (size_t d = 0; d < value; ++d) squares += own[d] * own[d], along += own[d] * mixed[row * value + d];
    for (size_t d = 0; d < value; ++d) mixed[row * value + d] -= along / squares * own[d];
  }
  if (config_.attn_sub_norm) mixed = rms_norm(mixed, blk + "attn_sub_norm.weight", mixed_dim);
  const auto add = [&](const Doubles& branch, const std::string& scale) {
    if (config_.lab.residual_scales) return add_scaled(x, branch, blk + scale, dim);
    for (size_t j = 0; j < x.size(); ++j) x[j] += branch[j];
  };
  add(linear(mixed, blk + "attn_output.weight", dim, mixed_dim, 1, {}), "attn_scale.weight");
  const Doubles normed = rms_norm(x, blk + "ffn_norm.weight", dim);
  add(config_.moe() ? mixture(normed, blk, layer)
                    : feed_forward(normed, blk, ".weight", {}, static_cast<size_t>(layer.ffn_dim), 1),
      "ffn_scale.weight");
  if (layer.ple_dim > 0) per_layer_embedding(blk, static_cast<size_t>(layer.ple_dim), x0, x);
  return x;
}

double Surrogate::loss() {
  const auto dim = static_cast<size_t>(config_.dim), vocab = static_cast<size_t>(config_.vocab_size);
  router_loss_ = 0;
  const Doubles x0 = embed(), values = value_embedding();
  Doubles x = x0;
  std::map<int64_t, Doubles> results;
  for (const int64_t i : config_.order) {
    const int64_t source = config_.skip_source(i);
    if (source >= 0 && !results.contains(i))
      add_scaled(x, results.at(source), "blk." + std::to_string(i) + ".skip_scale.weight", dim);
    results[i] = x = layer(static_cast<size_t>(i), x, x0, values);
  }
  const Doubles hidden = rms_norm(x, "output_norm.weight", dim);
  const bool tied = !weights_.contains("output.weight");
  Doubles logits = linear(hidden, tied ? "token_embd.weight" : "output.weight", vocab, dim, 1, {});
  if (const double cap = double{config_.lab.logit_cap}; cap > 0)
    for (double& logit : logits) logit = cap * std::tanh(logit / cap);
  double total = 0, scored = 0;
  for (size_t t = 0; t < tokens(); ++t) {
    if (targets_[t] < 0) continue;
    double sum = 0;
    for (size_t c = 0; c < vocab; ++c) sum += std::exp(logits[t * vocab + c]);
    total += std::log(sum) - logits[t * vocab + static_cast<size_t>(targets_[t])];
    scored += 1;
  }
  based_ = true;
  return total / scored + router_loss_;
}

}  // namespace tritium
