#include "train/trained_experts.h"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "base/format_text.h"

namespace tritium::training {
namespace {

std::vector<int32_t> in_order(size_t n) {
  std::vector<int32_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  return order;
}

}  // namespace

Result<ExpertChoice> expert_choice_of(const std::string& text) {
  using enum ExpertChoice::Kind;
  if (text == "all") return ExpertChoice{};
  const size_t colon = text.find(':');
  const std::string kind = text.substr(0, colon);
  int64_t n = 0;
  if (colon != std::string::npos) {
    const char *first = text.data() + colon + 1, *last = text.data() + text.size();
    if (const auto [end, failed] = std::from_chars(first, last, n); failed != std::errc() || end != last) n = 0;
  }
  if (n < 1 || (kind != "most-used" && kind != "rotate"))
    return error(StatusCode::invalid_argument, "experts_train is \"", text,
                 "\", must be all, most-used:N or rotate:N, N the experts of a layer that train");
  return ExpertChoice{kind == "rotate" ? rotate : most_used, n};
}

std::vector<int32_t> by_use(std::span<const double> use) {
  std::vector<int32_t> order = in_order(use.size());
  std::ranges::stable_sort(
      order, [&](int32_t a, int32_t b) { return use[static_cast<size_t>(a)] > use[static_cast<size_t>(b)]; });
  return order;
}

std::vector<int32_t> rotated(int64_t n_experts, int64_t n, int64_t phase) {
  std::vector<int32_t> order = in_order(static_cast<size_t>(n_experts));
  const auto distance = [&](int32_t expert) {
    return (expert - phase % n_experts * n % n_experts + n_experts) % n_experts;
  };
  std::ranges::stable_sort(order, {}, distance);
  return order;
}

bool is_expert_order(const ExpertOrder& order, size_t n_layers, int64_t n_experts) {
  return order.size() == n_layers && std::ranges::all_of(order, [&](std::vector<int32_t> layer) {
           std::ranges::sort(layer);
           return layer == in_order(static_cast<size_t>(n_experts));
         });
}

}  // namespace tritium::training
