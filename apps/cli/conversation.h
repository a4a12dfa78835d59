// A conversation with a model: its messages, and a session that evaluates of each turn only what is new.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tritium/tritium.hpp"

namespace tritium::cli {

struct Answer {
  std::string text;  // as the model wrote it
  Generation generation;
  bool thinks_first = false;  // the template opened a <think> that the text goes on in
};

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
  // Appends the answer to the messages, unless it fails. Where the context is too short for all of them, the oldest are
  // left out: `on_left_out` is told how many.
  Result<Answer> answer(const GenerateOptions& options, const std::function<void(bool thinks_first)>& on_begin,
                        const std::function<bool(const GeneratedToken&)>& on_token,
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

// Cuts <think>…</think> out of text that comes in pieces.
class ThinkFilter {
 public:
  explicit ThinkFilter(bool within) : within_(within) {}
  // Calls take(text, whether it is within) for what is certain by now. The tags are left out.
  void push(std::string_view text, const std::function<void(std::string_view, bool)>& take);
  void flush(const std::function<void(std::string_view, bool)>& take);

 private:
  std::string pending_;
  bool within_;
};

// What the assistant said, without what it thought, which becomes reasoning_content.
ChatMessage assistant_message(const std::string& text, bool thinks_first);

// A JSON file of messages, written under another name first.
Status save_messages(const std::string& path, const std::vector<ChatMessage>& messages);
Result<std::vector<ChatMessage>> load_messages(const std::string& path);

}  // namespace tritium::cli
