// The training loss of a transformer in double precision, written on its own: the oracle of the gradient tests.
//
// The surrogate (training notes): every quantiser is replaced by the identity at the quantised point. A weight is its
// quantised value plus its change; an input of a product is its int8 value at the base point plus its change. The
// choice of experts and their load are those of the base point.
#pragma once

#include <limits>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "model/config.h"

namespace tritium {

using Doubles = std::vector<double>;

class Surrogate {
 public:
  Surrogate(const Config& config, std::vector<int32_t> inputs, std::vector<int32_t> targets, size_t n_sequences,
            double balance, double z_loss)
      : config_(config),
        inputs_(std::move(inputs)),
        targets_(std::move(targets)),
        n_sequences_(n_sequences),
        balance_(balance),
        z_loss_(z_loss) {}

  // What each weight is multiplied as; whether products with it take int8 inputs.
  void set(const std::string& name, Doubles values, bool int8_input) {
    weights_[name] = std::move(values);
    int8_[name] = int8_input;
  }
  // Weights with NAME.lora_a and NAME.lora_b beside them add scale B (A x), of the input as it is.
  void set_adapter_scale(double scale) { adapter_scale_ = scale; }
  Doubles& weight(const std::string& name) { return weights_.at(name); }
  const std::map<std::string, Doubles>& weights() const { return weights_; }

  // Mean loss of the scored tokens plus the routers'. The first call fixes the base point.
  double loss();

  // A value of a product's input that is nearly halfway between two int8 codes: single precision may round it to the
  // other one. Distances are in codes.
  struct Edge {
    std::string weight;
    size_t index = 0;
    double distance = 0;
    bool operator<(const Edge& other) const { return std::tie(weight, index) < std::tie(other.weight, other.index); }
  };
  // Of the base point, nearest first.
  std::vector<Edge> edges(double within) const;
  // The next base point has the other codes there.
  void cross(const std::set<Edge>& edges);
  // The smallest difference at the base point between logits of a chosen expert and of one that is not.
  double choice_margin() const { return choice_margin_; }

 private:
  void add_int8_offsets(const std::string& weight, const Doubles& x, size_t cols);
  size_t tokens() const { return inputs_.size(); }
  Doubles rms_norm(const Doubles& x, const std::string& weight, size_t dim) const;
  Doubles linear(const Doubles& x, const std::string& weight, size_t rows, size_t cols, size_t slots,
                 const std::vector<size_t>& experts);
  Doubles rope(const Doubles& x, size_t heads, size_t dim) const;
  Doubles attention(const LayerConfig& layer, const Doubles& q, const Doubles& k, const Doubles& v) const;
  Doubles feed_forward(const Doubles& x, const std::string& blk, const std::string& suffix,
                       const std::vector<size_t>& experts, size_t width, size_t slots);
  Doubles mixture(const Doubles& x, const std::string& blk, const LayerConfig& layer);
  Doubles embed();
  Doubles value_embedding();
  Doubles layer(size_t i, Doubles x, const Doubles& x0, const Doubles& values);
  void per_layer_embedding(const std::string& blk, size_t width, const Doubles& x0, Doubles& x);
  // x += (s or its sigmoid) z, with a scale for each of the equal parts of a row.
  void add_scaled(Doubles& x, const Doubles& z, const std::string& scales, size_t dim, bool gated = false) const;

  Config config_;
  std::vector<int32_t> inputs_, targets_;
  size_t n_sequences_;
  double adapter_scale_ = 0;
  double balance_, z_loss_;
  std::map<std::string, Doubles> weights_;
  std::map<std::string, bool> int8_;
  bool based_ = false;
  std::map<std::string, Doubles> offsets_;              // int8 value - value, at the base point
  std::map<std::string, std::vector<size_t>> experts_;  // chosen there
  std::vector<Edge> edges_;
  std::set<Edge> crossed_;
  double choice_margin_ = std::numeric_limits<double>::infinity();
  double router_loss_ = 0;
};

}  // namespace tritium
