#include "server/prompt_cache.h"

#include <algorithm>

namespace tritium::server {

size_t common_prefix(std::span<const int32_t> a, std::span<const int32_t> b) {
  const size_t n = std::min(a.size(), b.size());
  return static_cast<size_t>(std::mismatch(a.begin(), a.begin() + n, b.begin()).first - a.begin());
}

void PromptCache::drop(std::list<Saved>::iterator one) {
  bytes_ -= one->bytes.size();
  saved_.erase(one);
}

void PromptCache::add(Saved saved) {
  if (!has_room_for(saved.bytes.size())) return;
  for (auto at = saved_.begin(); at != saved_.end();) {
    const auto next = std::next(at);
    if (at->adapter == saved.adapter) {
      const size_t common = common_prefix(at->tokens, saved.tokens);
      if (common == saved.tokens.size()) {
        saved_.splice(saved_.begin(), saved_, at);
        return;
      }
      if (common == at->tokens.size()) drop(at);
    }
    at = next;
  }
  bytes_ += saved.bytes.size();
  saved_.push_front(std::move(saved));
  while (bytes_ > limit_) drop(std::prev(saved_.end()));
}

const PromptCache::Saved* PromptCache::find(const std::string& adapter, std::span<const int32_t> tokens, size_t least) {
  auto best = saved_.end();
  for (auto at = saved_.begin(); at != saved_.end(); ++at) {
    if (at->adapter != adapter) continue;
    const size_t common = common_prefix(at->tokens, tokens);
    if (common <= least) continue;
    least = common;
    best = at;
  }
  if (best == saved_.end()) return nullptr;
  saved_.splice(saved_.begin(), saved_, best);
  return &saved_.front();
}

}  // namespace tritium::server
