// A sampler to compare with: double precision, all tokens sorted, kept ones in a list, and the whole text looked
// through again for every token.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tritium/tritium.hpp"

namespace tritium {

// As base/counter_rng.h has it.
inline double random_unit(uint64_t seed, uint64_t counter) {
  uint64_t z = seed * 0xD1342543DE82EF95u + (counter + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1.0p-53;
}

// A vocabulary of letters, some of two, and of what stands between words.
inline const std::vector<std::string> kPieces = {"a", "b", "c", "ab", "bc", " ", "\n", ".", "\n-", "-", "", "c:"};

inline std::string_view piece(int32_t token) {
  return static_cast<size_t>(token) < kPieces.size() ? std::string_view(kPieces[static_cast<size_t>(token)]) : "";
}

struct Kept {
  int32_t id = 0;
  double logit = 0;
  double p = 0;
};

class PlainSampler {
 public:
  explicit PlainSampler(const SamplerOptions& options) : o(options), mu(2 * double{options.mirostat_tau}) {}

  void accept(int32_t token) { text.push_back(token); }

  int32_t sample(std::vector<float> logits) {
    change(logits);
    std::vector<Kept> tokens;
    for (size_t i = 0; i < logits.size(); ++i)
      tokens.push_back({.id = static_cast<int32_t>(i), .logit = double{logits[i]}});
    std::ranges::stable_sort(tokens, std::greater(), &Kept::logit);
    if (o.temperature == 0) return tokens.front().id;
    const uint64_t draw = draws++;
    const double unit = random_unit(o.seed, draw);
    if (o.mirostat > 0) return mirostat(std::move(tokens), unit);
    if (o.top_n_sigma > 0) keep_sigma(tokens);
    if (o.top_k > 0 && std::ssize(tokens) > o.top_k) tokens.resize(static_cast<size_t>(o.top_k));
    normalize(tokens);
    if (o.typical_p < 1) keep_typical(tokens);
    keep_top(tokens, o.top_p);
    std::erase_if(tokens, [&, best = tokens.front().p](const Kept& t) { return t.p < double{o.min_p} * best; });
    normalize(tokens);
    if (random_unit(o.seed ^ 0x58544321, draw) < o.xtc_probability) exclude_top(tokens);
    return drawn(tokens, unit);
  }

 private:
  bool breaks(size_t n, std::string_view next) const {  // a breaker ends within `next`, after the first n tokens
    std::string before;
    for (size_t i = 0; i < n; ++i) before += piece(text[i]);
    const std::string all = before + std::string(next);
    for (const std::string& breaker : o.dry_sequence_breakers)
      for (size_t at = all.find(breaker); at != std::string::npos; at = all.find(breaker, at + 1))
        if (at + breaker.size() > before.size()) return true;
    return false;
  }

  void penalize_repetitions(std::vector<double>& logits) const {
    const auto size = static_cast<int64_t>(text.size());
    const int64_t begin = o.dry_penalty_last_n < 0 ? 0 : std::max<int64_t>(0, size - o.dry_penalty_last_n);
    for (size_t token = 0; token < logits.size(); ++token) {
      int64_t longest = 0;
      for (int64_t end = begin + 1; end < size; ++end) {
        if (text[static_cast<size_t>(end)] != static_cast<int32_t>(token)) continue;
        int64_t n = 0;
        while (end - n > begin && text[static_cast<size_t>(end - 1 - n)] == text[static_cast<size_t>(size - 1 - n)] &&
               !breaks(static_cast<size_t>(size - 1 - n), piece(text[static_cast<size_t>(size - 1 - n)])))
          ++n;
        longest = std::max(longest, n);
      }
      if (longest < o.dry_allowed_length || longest == 0 || breaks(text.size(), piece(static_cast<int32_t>(token))))
        continue;
      logits[token] -= double{o.dry_multiplier} * std::pow(double{o.dry_base}, longest - o.dry_allowed_length);
    }
  }

  void change(std::vector<float>& logits) const {
    const auto each = [&](const auto& value) {
      for (size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>(value(i, double{logits[i]}));
    };
    for (const LogitBias& b : o.logit_bias) logits[static_cast<size_t>(b.token)] += b.bias;
    const size_t n = o.penalty_last_n < 0 ? text.size() : std::min(text.size(), static_cast<size_t>(o.penalty_last_n));
    each([&](size_t i, double l) {
      const auto count = std::count(text.end() - static_cast<std::ptrdiff_t>(n), text.end(), static_cast<int32_t>(i));
      if (count == 0) return l;
      l = l > 0 ? l / double{o.repeat_penalty} : l * double{o.repeat_penalty};
      return l - (static_cast<double>(count) * double{o.frequency_penalty} + double{o.presence_penalty});
    });
    if (o.dry_multiplier == 0) return;
    std::vector<double> penalized(logits.begin(), logits.end());
    penalize_repetitions(penalized);
    each([&](size_t i, double) { return penalized[i]; });
  }

  void normalize(std::vector<Kept>& tokens) const {
    double sum = 0;
    const double largest = tokens.front().logit;
    for (Kept& t : tokens) sum += t.p = std::exp((t.logit - largest) / double{o.temperature});
    for (Kept& t : tokens) t.p /= sum;
  }

  void keep_sigma(std::vector<Kept>& tokens) const {
    const auto n = static_cast<double>(tokens.size());
    double mean = 0, square = 0;
    for (const Kept& t : tokens) mean += t.logit / n;
    for (const Kept& t : tokens) square += (t.logit - mean) * (t.logit - mean) / n;
    const double least = tokens.front().logit - double{o.top_n_sigma} * std::sqrt(square);
    std::erase_if(tokens, [&](const Kept& t) { return t.logit < least; });
  }

  void keep_typical(std::vector<Kept>& tokens) const {
    double entropy = 0;
    for (const Kept& t : tokens) entropy -= t.p > 0 ? t.p * std::log(t.p) : 0;
    std::ranges::stable_sort(tokens, {}, [&](const Kept& t) { return std::abs(-std::log(t.p) - entropy); });
    keep_top(tokens, o.typical_p);
    std::ranges::sort(
        tokens, [](const Kept& a, const Kept& b) { return a.logit != b.logit ? a.logit > b.logit : a.id < b.id; });
  }

  static void keep_top(std::vector<Kept>& tokens, float part) {
    double all = 0, sum = 0;
    for (const Kept& t : tokens) all += t.p;
    size_t n = 0;
    while (n < tokens.size() && (part == 1 || sum < double{part} * all)) sum += tokens[n++].p;
    tokens.resize(n);
  }

  void exclude_top(std::vector<Kept>& tokens) const {
    const auto n = std::ranges::count_if(tokens, [&](const Kept& t) { return t.p >= double{o.xtc_threshold}; });
    if (n > 1) tokens.erase(tokens.begin(), tokens.begin() + n - 1);
  }

  static int32_t drawn(const std::vector<Kept>& tokens, double unit) {
    double all = 0, sum = 0;
    for (const Kept& t : tokens) all += t.p;
    for (const Kept& t : tokens)
      if ((sum += t.p) > unit * all) return t.id;
    return tokens.back().id;
  }

  int32_t mirostat(std::vector<Kept> tokens, double unit) {
    normalize(tokens);
    std::vector<Kept> kept = tokens;
    if (o.mirostat == 2) {
      std::erase_if(kept, [&](const Kept& t) { return -std::log2(t.p) > mu; });
      if (kept.empty()) kept = {tokens.front()};
    } else {
      double tb = 0, tt = 0;
      for (size_t i = 0; i + 1 < std::min<size_t>(tokens.size(), 100); ++i) {
        const auto rank = static_cast<double>(i + 1);
        const double t = std::log((rank + 1) / rank), b = std::log(tokens[i].p / tokens[i + 1].p);
        tb += t * b, tt += t * t;
      }
      const double s = tb / tt, e = s - 1, n = static_cast<double>(tokens.size());
      const double k = std::pow(e * std::pow(2, mu) / (1 - std::pow(n, -e)), 1 / s);
      kept.resize(static_cast<size_t>(std::clamp(k, 1.0, n)));
    }
    const int32_t token = drawn(kept, unit);
    const double p = std::ranges::find(tokens, token, &Kept::id)->p;
    mu -= double{o.mirostat_eta} * (-std::log2(p) - double{o.mirostat_tau});
    return token;
  }

  SamplerOptions o;
  double mu;
  uint64_t draws = 0;
  std::vector<int32_t> text;
};

}  // namespace tritium
