#include "api/sampling/dry_penalty.h"

#include <algorithm>
#include <limits>

namespace tritium {
namespace {

// z[i]: how many elements from i on are those from 0 on (Gusfield 1997). z[0] is not set.
std::vector<size_t> common_prefixes(std::span<const int32_t> r) {
  std::vector<size_t> z(r.size());
  size_t begin = 0, end = 0;  // of the match that reaches farthest
  for (size_t i = 1; i < r.size(); ++i) {
    size_t n = i < end ? std::min(end - i, z[i - begin]) : 0;
    while (i + n < r.size() && r[n] == r[i + n]) ++n;
    z[i] = n;
    if (i + n > end) begin = i, end = i + n;
  }
  return z;
}

double power(double base, int64_t n) {
  double result = 1;
  for (; n > 0; n /= 2, base *= base)
    if (n % 2 == 1) result *= base;
  return result;
}

}  // namespace

DryPenalty::DryPenalty(const SamplerOptions& o, Sampler::TokenText text_of)
    : multiplier_(o.dry_multiplier),
      base_(o.dry_base),
      allowed_length_(o.dry_allowed_length),
      last_n_(o.dry_penalty_last_n),
      breakers_(o.dry_sequence_breakers),
      text_of_(std::move(text_of)) {
  for (const std::string& breaker : breakers_) longest_breaker_ = std::max(longest_breaker_, breaker.size());
}

std::span<const int32_t> DryPenalty::window() const {
  const std::span all(tokens_);
  return last_n_ < 0 ? all : all.last(std::min(all.size(), static_cast<size_t>(last_n_)));
}

// One that ends in the bytes that follow the text.
bool DryPenalty::completes_breaker(std::string_view bytes) const {
  if (bytes.empty()) return false;
  const std::string text = tail_ + std::string(bytes);
  return std::ranges::any_of(breakers_, [&](const std::string& breaker) {
    const size_t before = std::min(tail_.size(), breaker.size() - 1);
    return text.find(breaker, tail_.size() - before) != std::string::npos;
  });
}

void DryPenalty::accept(int32_t token) {
  if (!any()) return;
  const std::string_view bytes = bytes_of(token);
  unbroken_ = completes_breaker(bytes) ? 0 : unbroken_ + 1;
  tail_ += bytes;
  if (tail_.size() >= longest_breaker_) tail_.erase(0, tail_.size() - (std::max<size_t>(longest_breaker_, 1) - 1));
  tokens_.push_back(token);
  // Now and then, for it moves all others.
  if (last_n_ >= 0 && tokens_.size() > 2 * static_cast<size_t>(last_n_) + 64)
    tokens_.erase(tokens_.begin(), tokens_.end() - last_n_);
}

std::unordered_map<int32_t, int64_t> DryPenalty::repetitions() const {
  std::unordered_map<int32_t, int64_t> longest;
  const std::span<const int32_t> text = window();
  const std::vector<int32_t> backwards(text.rbegin(), text.rend());
  const std::vector<size_t> common = common_prefixes(backwards);
  for (size_t i = 1; i < backwards.size(); ++i) {
    const int64_t n = std::min(static_cast<int64_t>(common[i]), unbroken_);
    if (n == 0) continue;
    int64_t& most = longest[backwards[i - 1]];
    most = std::max(most, n);
  }
  return longest;
}

void DryPenalty::apply(std::span<float> logits) const {
  if (!any() || unbroken_ < allowed_length_) return;
  for (const auto& [token, n] : repetitions()) {
    if (n < allowed_length_ || static_cast<size_t>(token) >= logits.size()) continue;
    if (completes_breaker(bytes_of(token))) continue;
    const double cost = multiplier_ * power(base_, n - allowed_length_);
    float& logit = logits[static_cast<size_t>(token)];
    logit = static_cast<float>(double{logit} - std::min(cost, double{std::numeric_limits<float>::max()}));
  }
}

}  // namespace tritium
