#include "ops/op_work.h"

#include <algorithm>
#include <map>
#include <set>

namespace tritium {
namespace {

// Empty where the backend refuses: then less is counted.
std::vector<int32_t> read_integers(Backend& backend, const Tensor& tensor) {
  std::vector<int32_t> values(static_cast<size_t>(tensor.elements()));
  if (!backend.download(tensor, std::as_writable_bytes(std::span(values))).ok()) values.clear();
  return values;
}

}  // namespace

double UsedRows::distinct(int64_t n_matrices) const {
  if (unknown_ids > 0) return std::min(unknown_ids, static_cast<double>(n_matrices));
  if (expert_ids.empty()) return 1;
  std::set<int32_t> used;
  for (const int32_t id : expert_ids)
    if (id >= 0 && id < n_matrices) used.insert(id);
  return static_cast<double>(used.size());
}

UsedRows used_experts(Backend& backend, const Tensor& expert_ids) {
  UsedRows used;
  if (expert_ids) used.expert_ids = read_integers(backend, expert_ids);
  return used;
}

// A query at position p sees p + 1 keys, or those of the window; a sequence's cache is read up to its last token, from
// the first key that any of its tokens sees.
UsedRows used_keys(Backend& backend, const Tensor& rows, int64_t window) {
  const std::vector<int32_t> values = read_integers(backend, rows);
  struct Keys {
    double first = 0, last = 0;
  };
  std::map<int32_t, Keys> sequences;  // by their cache rows 0
  UsedRows used;
  for (size_t t = 0; t + 1 < values.size(); t += 2) {
    const double last = values[t] + 1.0;
    const double seen = window > 0 ? std::min(last, static_cast<double>(window)) : last;
    used.pairs += seen;
    const auto [at, is_new] = sequences.try_emplace(values[t + 1], Keys{last - seen, last});
    if (is_new) continue;
    at->second.first = std::min(at->second.first, last - seen);
    at->second.last = std::max(at->second.last, last);
  }
  for (const auto& [begin, keys] : sequences) used.keys += keys.last - keys.first;
  return used;
}

}  // namespace tritium
