// Layers x experts as a picture: the share of tokens that each expert got, wherever the shares come from.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tritium::desktop {

class ExpertShares {
 public:
  void reset(int64_t n_experts);
  // [layers, experts used] of one token.
  void count(std::span<const int32_t> experts, int64_t n_used);
  // [layers, experts], as a fine-tuning reports them.
  void set(std::span<const float> shares, int64_t n_experts);
  void draw() const;

 private:
  int64_t n_experts_ = 0;
  int64_t n_layers_ = 0;
  std::vector<double> amounts_;  // (n_layers, n_experts)
};

}  // namespace tritium::desktop
