// text_completion, whole and streamed, with log-probabilities in the shape that endpoint has.
#include <utility>

#include "server/openai/reply_parts.h"

namespace tritium::server {
namespace {

struct Choice {
  std::string text;
  std::vector<TokenLogprobs> logprobs;
  std::vector<TokenExperts> experts;  // of tokens whose text did not come yet
  size_t offset = 0;                  // characters before the next token, of a stream
  Finish finish = Finish::stop;
};

// Characters, as Python counts them: bytes that begin one.
size_t characters(const std::string& text) {
  size_t n = 0;
  for (const char c : text) n += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return n;
}

Json legacy_logprobs(const std::vector<TokenLogprobs>& tokens, size_t& offset) {
  Json all = {{"tokens", Json::array()},
              {"token_logprobs", Json::array()},
              {"top_logprobs", Json::array()},
              {"text_offset", Json::array()}};
  for (const TokenLogprobs& one : tokens) {
    all["tokens"].push_back(one.token.text);
    all["token_logprobs"].push_back(one.known ? Json(finite_logprob(one.token.logprob)) : Json());
    Json top = one.known ? Json::object() : Json();
    for (const TokenText& other : one.top) {
      const std::string name = json_text(other.text);  // a key must be UTF-8, too
      top[Json::parse(name).get<std::string>()] = finite_logprob(other.logprob);
    }
    all["top_logprobs"].push_back(std::move(top));
    all["text_offset"].push_back(offset);
    offset += characters(one.token.text);
  }
  return all;
}

class CompletionWriter : public ReplyWriter {
 public:
  CompletionWriter(const ReplyOptions& options, std::vector<std::string> echoed)
      : options_(options), id_(new_id("cmpl-")), echoed_(std::move(echoed)), choices_(options.choices) {}

  std::string begin() override {
    std::string events;
    for (size_t i = 0; i < echoed_.size(); ++i) {
      if (options_.stream)
        events += chunk({.choice = i, .content = echoed_[i]});
      else
        choices_[i].text = echoed_[i];
    }
    return events;
  }

  std::string add(const Piece& piece) override {
    Choice& choice = choices_[piece.choice];
    if (piece.finish) choice.finish = *piece.finish;
    if (options_.stream) return chunk(piece);
    choice.text += piece.content;
    append(choice.logprobs, piece.logprobs);
    return {};
  }

  std::string end(const Usage& usage) override {
    Json answer = head();
    if (options_.stream) {
      if (!options_.include_usage) return kSseDone;
      answer["choices"] = Json::array();
    } else {
      for (Choice& choice : choices_)
        answer["choices"].push_back(
            entry(answer["choices"].size(), choice.text, choice.logprobs, choice.offset, finish_name(choice.finish)));
    }
    answer["usage"] = usage_json(usage);
    answer["tritium"] = figures_json(usage);
    return options_.stream ? sse(answer) + kSseDone : json_text(answer);
  }

 private:
  Json head() const {
    return {{"id", id_}, {"object", "text_completion"}, {"created", options_.created}, {"model", options_.model}};
  }

  Json entry(size_t index, const std::string& text, const std::vector<TokenLogprobs>& tokens, size_t& offset,
             Json finish) const {
    Json logprobs;
    if (options_.logprobs) logprobs = legacy_logprobs(tokens, offset);
    return {{"text", text}, {"index", index}, {"logprobs", std::move(logprobs)}, {"finish_reason", std::move(finish)}};
  }

  std::string chunk(const Piece& piece) {
    Choice& choice = choices_[piece.choice];
    choice.experts.insert(choice.experts.end(), piece.experts.begin(), piece.experts.end());
    if (piece.content.empty() && piece.logprobs.empty() && !piece.finish) return {};
    Json one = head();
    one["choices"].push_back(entry(piece.choice, piece.content, piece.logprobs, choice.offset,
                                   piece.finish ? Json(finish_name(*piece.finish)) : Json()));
    if (Json experts = experts_json(std::exchange(choice.experts, {})); !experts.is_null())
      one["choices"][0]["experts"] = std::move(experts);
    return sse(one);
  }

  const ReplyOptions options_;
  const std::string id_;
  const std::vector<std::string> echoed_;
  std::vector<Choice> choices_;
};

}  // namespace

std::unique_ptr<ReplyWriter> completion_writer(const ReplyOptions& options, std::vector<std::string> echoed) {
  return std::make_unique<CompletionWriter>(options, std::move(echoed));
}

}  // namespace tritium::server
