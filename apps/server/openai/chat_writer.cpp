// chat.completion and chat.completion.chunk.
#include <utility>

#include "server/openai/reply_parts.h"

namespace tritium::server {
namespace {

struct Choice {
  std::string content, reasoning;
  Json calls = Json::array();
  std::vector<TokenLogprobs> logprobs;
  std::vector<TokenExperts> experts;  // of tokens whose text did not come yet
  Finish finish = Finish::stop;
};

class ChatWriter : public ReplyWriter {
 public:
  explicit ChatWriter(const ReplyOptions& options)
      : options_(options), id_(new_id("chatcmpl-")), choices_(options.choices) {}

  std::string begin() override {
    std::string events;
    for (size_t i = 0; options_.stream && i < choices_.size(); ++i)
      events += chunk(i, {{"role", "assistant"}, {"content", ""}}, nullptr, nullptr);
    return events;
  }

  std::string add(const Piece& piece) override {
    Choice& choice = choices_[piece.choice];
    Json calls = calls_json(piece.tool_calls);
    const size_t before = choice.calls.size();
    for (const Json& call : calls) choice.calls.push_back(call);
    if (piece.finish) choice.finish = finish_of(choice, *piece.finish);
    choice.experts.insert(choice.experts.end(), piece.experts.begin(), piece.experts.end());
    if (options_.stream) return events_of(piece, choice, std::move(calls), before);
    choice.content += piece.content;
    choice.reasoning += piece.reasoning;
    append(choice.logprobs, piece.logprobs);
    return {};
  }

  std::string end(const Usage& usage) override {
    if (options_.stream) {
      std::string last;
      if (options_.include_usage) {
        Json chunk = head("chat.completion.chunk");
        chunk["choices"] = Json::array();
        chunk["usage"] = usage_json(usage);
        chunk["tritium"] = figures_json(usage);
        last = sse(chunk);
      }
      return last + kSseDone;
    }
    Json answer = head("chat.completion");
    answer["choices"] = Json::array();
    for (const Choice& choice : choices_) answer["choices"].push_back(whole(choice, answer["choices"].size()));
    answer["usage"] = usage_json(usage);
    answer["tritium"] = figures_json(usage);
    return json_text(answer);
  }

 private:
  // A model that called something and went on to the end waits for what its calls give.
  static Finish finish_of(const Choice& choice, Finish finish) {
    return finish == Finish::stop && !choice.calls.empty() ? Finish::tool_calls : finish;
  }

  Json head(const char* object) const {
    return {{"id", id_}, {"object", object}, {"created", options_.created}, {"model", options_.model}};
  }

  std::string chunk(size_t index, Json delta, Json logprobs, Json finish, Json experts = nullptr) const {
    Json one = head("chat.completion.chunk");
    one["choices"] = Json::array();
    one["choices"].push_back({{"index", index},
                              {"delta", std::move(delta)},
                              {"logprobs", std::move(logprobs)},
                              {"finish_reason", std::move(finish)}});
    if (!experts.is_null()) one["choices"][0]["experts"] = std::move(experts);
    return sse(one);
  }

  std::string events_of(const Piece& piece, Choice& choice, Json calls, size_t first_call) const {
    Json delta = Json::object();
    if (!piece.reasoning.empty()) delta["reasoning_content"] = piece.reasoning;
    if (!piece.content.empty()) delta["content"] = piece.content;
    for (size_t i = 0; i < calls.size(); ++i) {
      Json call = {{"index", first_call + i}};
      call.update(calls[i]);
      delta["tool_calls"].push_back(std::move(call));
    }
    Json logprobs;
    if (options_.logprobs && !piece.logprobs.empty())
      logprobs = {{"content", logprobs_json(piece.logprobs)}, {"refusal", nullptr}};
    const auto experts = [&choice] { return experts_json(std::exchange(choice.experts, {})); };
    std::string events;
    if (!delta.empty() || !logprobs.is_null())
      events = chunk(piece.choice, std::move(delta), std::move(logprobs), nullptr, experts());
    if (piece.finish) events += chunk(piece.choice, Json::object(), nullptr, finish_name(choice.finish), experts());
    return events;
  }

  Json whole(const Choice& choice, size_t index) const {
    Json message = {{"role", "assistant"}, {"content", choice.content}, {"refusal", nullptr}};
    if (!choice.reasoning.empty()) message["reasoning_content"] = choice.reasoning;
    if (!choice.calls.empty()) {
      message["tool_calls"] = choice.calls;
      if (choice.content.empty()) message["content"] = nullptr;
    }
    Json logprobs;
    if (options_.logprobs) logprobs = {{"content", logprobs_json(choice.logprobs)}, {"refusal", nullptr}};
    return {{"index", index},
            {"message", std::move(message)},
            {"logprobs", std::move(logprobs)},
            {"finish_reason", finish_name(choice.finish)}};
  }

  const ReplyOptions options_;
  const std::string id_;
  std::vector<Choice> choices_;
};

}  // namespace

std::unique_ptr<ReplyWriter> chat_writer(const ReplyOptions& options) { return std::make_unique<ChatWriter>(options); }

}  // namespace tritium::server
