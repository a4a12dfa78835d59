// What the model's thread does, by the library: loading, and answers of which only what is new is evaluated.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "desktop/events.h"
#include "desktop/worker.h"

namespace tritium::desktop {

// Its number, and whom to tell. A later request, or a stop, ends it.
struct Request {
  uint64_t number = 0;
  const std::atomic<uint64_t>* current = nullptr;
  Mailbox<ModelEvent>* events = nullptr;

  bool going() const { return *current == number; }
  void tell(ModelEvent event) const {
    event.request = number;
    events->put(std::move(event));
  }
};

class ModelThread {
 public:
  ModelThread();
  ~ModelThread();
  void list(const Request& request);
  // The model before goes first: there may be no memory for both.
  void load(const Request& request, const std::string& path, const std::string& backend);
  void answer(const Request& request, const std::vector<ChatMessage>& messages, const GenerateOptions& options);

 private:
  Result<std::vector<int32_t>> tokens_of(std::span<const ChatMessage> messages) const;
  Result<std::vector<int32_t>> prompt_that_fits(const std::vector<ChatMessage>& messages, int64_t max_tokens);
  Result<std::span<const int32_t>> keep_what_is_known(std::span<const int32_t> prompt);
  Result<Generation> generate(const Request& request, std::span<const int32_t> fresh, GenerateOptions options);

  std::optional<Model> model_;
  std::optional<Session> session_;
  std::vector<int32_t> evaluated_;  // tokens in the session
  size_t asked_ = 0;                // messages of the last answer's conversation
  size_t left_out_ = 0;             // of those, at the beginning
};

}  // namespace tritium::desktop
