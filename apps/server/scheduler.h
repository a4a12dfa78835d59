// Scheduler: one model's sessions, and the thread that evaluates all active ones together. Prompts are evaluated in
// parts between the passes that decode, so that a long one does not hold up the others; a session that has ended keeps
// its tokens, and goes on where a prompt begins with them; an idle model is parked.
// submit() and the figures may be called from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "server/prompt_cache.h"
#include "server/token_queue.h"
#include "tritium/tritium.hpp"

namespace tritium::server {

struct SchedulerOptions {
  int64_t sessions = 8;      // evaluated together
  SessionOptions session{};  // each of them
  size_t queue = 256;        // choices that wait at most
  int64_t batch = 64;        // tokens of prompts between two passes
  uint64_t cached_prompt_bytes = uint64_t{256} << 20;
  std::chrono::seconds park_after{0};  // 0: never
  LogSink log{};
};

// One request: n choices of each prompt. The choices of the prompt at index p are p n … p n + n - 1.
struct Submission {
  std::vector<std::vector<int32_t>> prompts;  // none of them empty, or longer than context() - 1
  // max_tokens at most what the context has room for; 0: the prompts are evaluated, and that is all.
  GenerateOptions generate;
  int64_t n = 1;  // with seeds that follow each other, where the first has one
  // Before its first token the first choice of a prompt is told how probable the prompt's tokens were, and of so many
  // most probable ones: at most 64. Nothing of such a prompt is taken from the cache. -1: not.
  int64_t prompt_log_probabilities = -1;
  std::string adapter;  // its name; empty: none
  bool cache = true;
};

enum class Submitted { taken, queue_full, stopping };

struct SchedulerFigures {
  int64_t active = 0, queued = 0;
  uint64_t prompt_tokens = 0, cached_tokens = 0, generated_tokens = 0, finished = 0, cancelled = 0, failed = 0;
  uint64_t parked = 0;  // how often
  double tokens_per_second = 0;
  uint64_t cached_prompt_bytes = 0;
};

class Scheduler {
 public:
  // The sessions' memory is taken here, so that a lack of it is seen at the start.
  static Result<std::unique_ptr<Scheduler>> start(Model model, SchedulerOptions options);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  void add_adapter(const std::string& name, Adapter adapter);
  void remove_adapter(const std::string& name);

  Submitted submit(const Submission& submission, const std::shared_ptr<TokenQueue>& out);
  // Somebody uses the model otherwise: it is not idle.
  void touch();
  // No more submissions; what is active goes on.
  void stop_taking();
  // What is active and what waits ends soon, as cancelled, and so does the thread.
  void end_all();
  bool idle() const;

  SchedulerFigures figures() const;
  const Model& model() const { return model_; }
  int64_t context() const { return context_; }
  int64_t sessions() const { return options_.sessions; }

 private:
  using Clock = std::chrono::steady_clock;

  // A choice on its way.
  struct Work {
    std::vector<int32_t> prompt;
    GenerateOptions generate;
    std::string adapter;
    bool cache = true;
    int64_t prompt_log_probabilities = -1;
    std::vector<PromptToken> scored{};  // of the prompt, from the first one on
    // Set when a prompt's first choice has evaluated it, which the others then find in the cache.
    std::shared_ptr<bool> prompt_ready{};
    size_t choice = 0;
    bool first = true;  // of its prompt
    bool has_siblings = false;
    std::shared_ptr<TokenQueue> out;
    Clock::time_point submitted = Clock::now();
    Clock::time_point first_token{};
    int64_t cached = 0;
    int64_t generated = 0;
    // Where all tokens of a prompt are looked at, all are evaluated.
    bool may_reuse() const { return cache && prompt_log_probabilities < 0; }
  };
  struct Slot {
    Session session;
    std::string adapter;
    std::vector<int32_t> tokens;  // that the session has evaluated, as far as is known
    std::unique_ptr<Work> work;
    bool decoding = false;
    Clock::time_point used{};
  };
  // A pass's sessions share their adapter: each adapter has sessions of its own, made when they are needed.
  using Group = std::vector<Slot>;

  Scheduler(Model model, SchedulerOptions options)
      : model_(std::move(model)), options_(std::move(options)), cache_(options_.cached_prompt_bytes) {}

  void enqueue(const Submission& submission, size_t prompt, const std::shared_ptr<TokenQueue>& out);
  void run();
  bool step();
  void park();
  void admit();
  bool may_begin(const Work& work) const;
  Status begin(std::unique_ptr<Work> work);
  Result<Group*> group_of(const std::string& adapter);
  void drop_idle_adapters();
  Slot& choose_slot(Group& group, const Work& work, size_t& common);
  void save(Slot& slot);
  void evaluate_prompts();
  void evaluate_part(Slot& slot, size_t most);
  Status evaluate(Slot& slot, std::span<const int32_t> part);
  Status evaluate_scored(Slot& slot, std::span<const int32_t> part);
  void decode();
  void take(Slot& slot, const Result<std::optional<GeneratedToken>>& outcome);
  void end(Slot& slot, const Status& status);
  void count_ended(const Work& work, const Status& status, bool cut);
  void refuse(Work& work, const Status& status);
  void take_back_cancelled();
  std::vector<Slot*> slots(bool decoding);
  void count_decoded(size_t tokens, Clock::duration time);

  const Model model_;
  const SchedulerOptions options_;
  int64_t context_ = 0;
  PromptCache cache_;
  std::map<std::string, Group> groups_;

  mutable std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Work>> queue_;
  std::map<std::string, Adapter> adapters_;
  std::vector<std::string> removed_adapters_;
  SchedulerFigures figures_;
  struct Second {
    int64_t at = 0;
    uint64_t tokens = 0;
    double seconds = 0;
  };
  std::deque<Second> decoded_;  // of the last ones in which any were
  Clock::time_point used_ = Clock::now();
  bool taking_ = true;

  std::atomic<bool> ending_ = false;
  std::thread thread_;  // the last, so that it sees all of the above
};

}  // namespace tritium::server
