// Turns: what is rendered, what of it is new, and what becomes of the answer.
#include "cli/conversation.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/input_text.h"
#include "cli/system.h"

namespace tritium::cli {
namespace {

// Two JSON arrays as one; "" is none.
std::string joined(std::string array, const std::string& more) {
  if (array.empty() || more.empty()) return array + more;
  array.pop_back();
  return array + ", " + more.substr(1);
}

// What the assistant said. Vocabularies write a space before the first word.
ChatMessage assistant_message(ChatReply reply) {
  reply.content.erase(0, std::min(reply.content.find_first_not_of(" \n"), reply.content.size()));
  return {.role = "assistant",
          .content = std::move(reply.content),
          .reasoning_content = std::move(reply.reasoning_content),
          .tool_calls = std::move(reply.tool_calls)};
}

}  // namespace

void Conversation::set_system(const std::string& text) {
  if (first_after_system() == 1) messages.erase(messages.begin());
  if (!text.empty()) messages.insert(messages.begin(), {.role = "system", .content = text});
}

const std::string* Conversation::system() const { return first_after_system() == 1 ? &messages[0].content : nullptr; }

void Conversation::reset() {
  messages.resize(first_after_system());
  left_out_ = 0;
}

bool Conversation::undo() {
  if (!retract_answer()) return false;
  messages.pop_back();
  left_out_ = std::min(left_out_, messages.size() - first_after_system());
  return true;
}

bool Conversation::retract_answer() {
  const auto last = std::find_if(messages.rbegin(), messages.rend(), [](const auto& m) { return m.role == "user"; });
  if (last == messages.rend()) return false;
  messages.erase(last.base(), messages.end());
  return true;
}

Result<ChatPrompt> Conversation::prompt_that_fits(int64_t max_tokens, const std::function<void(size_t)>& on_left_out) {
  // A quarter of the context is for the answer at least, unless a shorter one is asked for.
  const int64_t room = session_.context() - std::min(max_tokens, std::max<int64_t>(session_.context() / 4, 1));
  const size_t before = left_out_;
  for (;;) {
    std::vector<ChatMessage> shown(messages.begin(),
                                   messages.begin() + static_cast<std::ptrdiff_t>(first_after_system()));
    const size_t first = first_after_system() + left_out_;
    shown.insert(shown.end(), messages.begin() + static_cast<std::ptrdiff_t>(first), messages.end());
    Result<ChatPrompt> prompt = model_.format_chat(shown, chat_);
    if (!prompt.ok()) return prompt;
    const auto n = static_cast<int64_t>(prompt->tokens.size());
    if (n <= room) {
      if (left_out_ > before) on_left_out(left_out_ - before);
      return prompt;
    }
    // A turn begins with the user's message: up to the next one.
    const auto next = std::find_if(messages.begin() + static_cast<std::ptrdiff_t>(first) + 1, messages.end(),
                                   [](const auto& m) { return m.role == "user"; });
    if (first + 1 > messages.size() || next == messages.end())
      return Status(StatusCode::out_of_memory,
                    "the message has " + std::to_string(n) + " tokens with what belongs to it; the context holds " +
                        std::to_string(session_.context()) + ": give a shorter one, or a longer --context");
    left_out_ = static_cast<size_t>(next - messages.begin()) - first_after_system();
  }
}

Result<Generation> Conversation::answer(const GenerateOptions& options,
                                        const std::function<bool(const ChatReply&)>& on_part,
                                        const std::function<void(size_t)>& on_left_out) {
  Result<ChatReplyStream> stream = model_.reply_stream(chat_);
  if (!stream.ok()) return stream.status();
  const Result<ChatPrompt> prompt = prompt_that_fits(options.max_tokens, on_left_out);
  if (!prompt.ok()) return prompt.status();
  const std::vector<int32_t>& tokens = prompt->tokens;
  if (tokens.empty()) return Status(StatusCode::unsupported, "the chat template made no text to go on from");
  // What the session knows already is not evaluated again; the last token always is, for its logits.
  const size_t most = std::min(evaluated_.size(), tokens.size() - 1);
  const auto same = static_cast<size_t>(
      std::mismatch(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(most), evaluated_.begin()).first -
      tokens.begin());
  if (const Status s = session_.rewind(static_cast<int64_t>(same)); !s.ok()) return s;
  evaluated_.resize(same);

  ChatReply reply;
  Status parsed;
  const auto take = [&](const Result<ChatReply>& part) {
    parsed = part.status();
    if (!part.ok()) return false;
    reply.content += part->content;
    reply.reasoning_content += part->reasoning_content;
    reply.tool_calls = joined(std::move(reply.tool_calls), part->tool_calls);
    return on_part(*part);
  };
  // Marks that are control tokens are in no text; what a stop text leaves out is in its tokens.
  const bool by_text = !options.stop.empty();
  const std::span<const int32_t> fresh = std::span(tokens).subspan(same);
  Result<Generation> generation = session_.generate(fresh, options, [&](const GeneratedToken& token) {
    if (by_text) return take(stream->append(token.text));
    return token.id < 0 || take(stream->append(token.id));
  });
  if (generation.ok() && parsed.ok()) take(stream->finish());
  // What was evaluated stays in the session: all of it but, perhaps, the last token.
  evaluated_ = tokens;
  if (generation.ok()) evaluated_.insert(evaluated_.end(), generation->tokens.begin(), generation->tokens.end());
  evaluated_.resize(std::min(evaluated_.size(), static_cast<size_t>(session_.position())));
  // Where the context slid, or may have, the first tokens alone are where they were.
  if (options.when_full == WhenFull::slide && (!generation.ok() || generation->slides > 0))
    evaluated_.resize(std::min(evaluated_.size(), static_cast<size_t>(options.sinks)));
  if (!generation.ok()) return generation.status();
  if (!parsed.ok()) return parsed;
  messages.push_back(assistant_message(std::move(reply)));
  return generation;
}

Status save_messages(const std::string& path, const std::vector<ChatMessage>& messages) {
  const Result<std::string> json = chat_messages_json(messages);
  if (!json.ok()) return json.status();
  const auto failed = [&] {
    return Status(StatusCode::io_error, path + ": cannot be written: " + std::strerror(errno));
  };
  std::error_code none;
  const std::filesystem::path temporary = path_of(path + ".new");
  {
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file << nlohmann::ordered_json::parse(*json).dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
         << '\n';
    file.close();
    if (!file) {
      Status status = failed();
      std::filesystem::remove(temporary, none);
      return status;
    }
  }
  std::error_code problem;
  std::filesystem::rename(temporary, path_of(path), problem);
  if (!problem) return Status();
  Status status = Status(StatusCode::io_error, path + ": cannot be written: " + problem.message());
  std::filesystem::remove(temporary, none);
  return status;
}

Result<std::vector<ChatMessage>> load_messages(const std::string& path) {
  const Result<std::string> text = read_text(path, say_waiting(path));
  if (!text.ok()) return text.status();
  Result<std::vector<ChatMessage>> messages = parse_chat_messages(*text);
  return messages.ok() ? std::move(messages) : Result<std::vector<ChatMessage>>(messages.status().within(path));
}

}  // namespace tritium::cli
