// TokenQueue: what a model's thread says of one request's choices, for the thread of its connection. Any number of
// threads may write; one reads. It grows with the answer, which max_tokens and the context limit.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tritium/tritium.hpp"

namespace tritium::server {

// A token of a prompt, and how probable it was after those before it; of the first nothing is known.
struct PromptToken {
  int32_t id = 0;
  LogProbabilities log{};
  bool known = true;
};

struct TokenEvent {
  enum class Kind { prompt, token, ended, failed };
  Kind kind = Kind::token;
  size_t choice = 0;
  // prompt: of this choice, and of those that it has in common with others
  std::vector<PromptToken> prompt{};
  // token
  int32_t id = -1;
  std::string text{};
  double log_probability = 0;
  std::vector<TokenLogProbability> most_probable{};
  std::vector<int32_t> experts{};  // as GeneratedToken has them
  // ended
  StopReason stop = StopReason::max_tokens;
  uint64_t seed = 0;
  int64_t cached_tokens = 0, completion_tokens = 0;
  double seconds_to_first_token = 0, tokens_per_second = 0;
  // failed
  Status status{};
};

class TokenQueue {
 public:
  void push(TokenEvent event) {
    {
      const std::lock_guard lock(mutex_);
      events_.push_back(std::move(event));
    }
    ready_.notify_one();
  }

  // None: nothing came in that time.
  std::optional<TokenEvent> pop(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    if (!ready_.wait_for(lock, at_most, [this] { return !events_.empty(); })) return std::nullopt;
    TokenEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

  // The client is gone, or has waited long enough: nobody reads any more.
  void cancel() { cancelled_ = true; }
  bool cancelled() const { return cancelled_; }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<TokenEvent> events_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace tritium::server
