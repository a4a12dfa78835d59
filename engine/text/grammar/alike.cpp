// Which positions are alike: as many rounds of refining a partition as they must be alike for bytes (Moore 1956). Those
// of the first round end their rules both, or do not; of each further one what is a byte on is alike in the round
// before.
#include <algorithm>
#include <unordered_map>

#include "base/cancel.h"
#include "text/grammar/network.h"

namespace tritium::grammar {
namespace {

uint64_t mixed(uint64_t state, uint64_t value) {  // Steele et al. 2014, SplitMix64
  uint64_t z = state + value + 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace

void Network::find_alike() {
  constexpr size_t kMostWork = size_t{1} << 22;  // edges looked at: a tenth of a second; larger networks do without
  const auto n = static_cast<uint32_t>(n_positions());
  alike_.resize(n);
  const bool too_large = kAlike * (n + edges_.size() + calls_.size()) > kMostWork;
  for (uint32_t p = 0; p < n; ++p) alike_[p] = too_large ? p : (ends(p) ? kEnd : n);
  size_t classes = 0;
  for (uint32_t round = 0; round < kAlike && !too_large; ++round) {
    // What a position does, of which only the numbers of targets change: kept to be compared, since sums collide.
    std::unordered_multimap<uint64_t, uint32_t> first;
    std::vector<uint32_t> next(n);
    const auto does_as = [&](uint32_t a, uint32_t b) {
      return ends(a) == ends(b) &&
             std::ranges::equal(edges(a), edges(b),
                                [&](const Edge& x, const Edge& y) {
                                  return x.first == y.first && x.last == y.last && alike_[x.target] == alike_[y.target];
                                }) &&
             std::ranges::equal(calls(a), calls(b), [&](const Call& x, const Call& y) {
               return x.start == y.start && alike_[x.target] == alike_[y.target];
             });
    };
    for (uint32_t p = 0; p < n; ++p) {
      check_cancelled_every<1024>(p);
      uint64_t sum = ends(p);
      for (const Edge& e : edges(p)) sum = mixed(mixed(sum, uint64_t{e.first} << 8 | e.last), alike_[e.target]);
      for (const Call& c : calls(p)) sum = mixed(mixed(sum, c.start), alike_[c.target]);
      const auto [begin, end] = first.equal_range(sum);
      const auto same = std::find_if(begin, end, [&](const auto& other) { return does_as(other.second, p); });
      next[p] = same == end ? p : same->second;
      if (same == end) first.emplace(sum, p);
    }
    alike_ = std::move(next);
    if (first.size() == classes) return;
    classes = first.size();
  }
}

}  // namespace tritium::grammar
