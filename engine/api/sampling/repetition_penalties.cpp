#include "api/sampling/repetition_penalties.h"

namespace tritium {

RepetitionPenalties::RepetitionPenalties(const SamplerOptions& o)
    : repeat_(o.repeat_penalty),
      frequency_(o.frequency_penalty),
      presence_(o.presence_penalty),
      last_n_(o.penalty_last_n),
      any_(last_n_ != 0 && (repeat_ != 1 || frequency_ != 0 || presence_ != 0)) {}

void RepetitionPenalties::accept(int32_t token) {
  if (!any_) return;
  ++counts_[token];
  if (last_n_ < 0) return;
  window_.push_back(token);
  if (static_cast<int64_t>(window_.size()) <= last_n_) return;
  const auto oldest = counts_.find(window_.front());
  if (--oldest->second == 0) counts_.erase(oldest);
  window_.pop_front();
}

void RepetitionPenalties::apply(std::span<float> logits) const {
  for (const auto& [token, count] : counts_) {
    if (static_cast<size_t>(token) >= logits.size()) continue;
    float& logit = logits[static_cast<size_t>(token)];
    const double l = logit;
    const double repeated = l > 0 ? l / repeat_ : l * repeat_;
    logit = static_cast<float>(repeated - (static_cast<double>(count) * frequency_ + presence_));
  }
}

}  // namespace tritium
