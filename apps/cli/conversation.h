// A conversation with a model: its messages, and a session that evaluates of each turn only what is new.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tritium/tritium.hpp"

namespace tritium::cli {

class Conversation {
 public:
  Conversation(Model model, Session session, ChatOptions chat)
      : model_(std::move(model)), session_(std::move(session)), chat_(std::move(chat)) {}

  std::vector<ChatMessage> messages;

  // "": none any more.
  void set_system(const std::string& text);
  const std::string* system() const;
  void reset();
  // Takes back the last message of the user and what came after it. False: there is none.
  bool undo();
  // Takes back what came after the last message of the user. False: there is none.
  bool retract_answer();
  // Appends the answer to the messages, unless it fails. on_part is given what became certain of it, and may end it by
  // false. Where the context is too short for all messages, the oldest are left out: on_left_out is told how many.
  Result<Generation> answer(const GenerateOptions& options, const std::function<bool(const ChatReply&)>& on_part,
                            const std::function<void(size_t)>& on_left_out);

 private:
  Result<ChatPrompt> prompt_that_fits(int64_t max_tokens, const std::function<void(size_t)>& on_left_out);
  size_t first_after_system() const { return !messages.empty() && messages[0].role == "system" ? 1 : 0; }

  Model model_;
  Session session_;
  ChatOptions chat_;
  std::vector<int32_t> evaluated_;  // tokens in the session
  size_t left_out_ = 0;             // of the messages after the system's
};

// A JSON file of messages, written under another name first.
Status save_messages(const std::string& path, const std::vector<ChatMessage>& messages);
Result<std::vector<ChatMessage>> load_messages(const std::string& path);

}  // namespace tritium::cli
