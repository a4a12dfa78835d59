// Any bytes as a request, of the endpoint that the first byte chooses, and as what a model says of it: what is refused
// names its field, what is read can be answered, and every answer and event is JSON.
#include "server/openai/replies.h"
#include "server/openai/requests.h"
#include "tests/fuzz/input.h"

namespace tritium::fuzz {
namespace {

using namespace server;

void check_error(const ApiError& error) {
  require(error.status >= 400 && error.status < 600, "an error has a status");
  require(!error.message.empty(), "an error says something");
  require(server::parse_json(json_text(error_json(error))).ok(), "an error is JSON");
}

// Each event of a stream, or the whole.
void check_answer(const std::string& text, bool stream) {
  if (!stream) {
    require(server::parse_json(text).ok(), "an answer is JSON");
    return;
  }
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find("\n\n", at);
    require(end != std::string::npos, "an event ends");
    const std::string event = text.substr(at, end - at);
    const size_t data = event.find("data: ");
    require(data != std::string::npos && event.find('\n', data) == std::string::npos, "an event is a line of data");
    const std::string value = event.substr(data + 6);
    require(value == "[DONE]" || server::parse_json(value).ok(), "data are JSON");
    at = end + 2;
  }
}

void write(ReplyWriter& writer, const GenerationRequest& request, std::string_view said) {
  std::string text = writer.begin();
  const auto n = static_cast<size_t>(request.n);
  for (size_t i = 0; i < n; ++i) {
    const std::string half(said.substr(0, said.size() / 2)), rest(said.substr(said.size() / 2));
    Piece first = {.choice = i, .content = half};
    first.logprobs.resize(1);
    first.logprobs[0].token.text = half;
    if (request.generate.experts) first.experts = {{{0, 1}}, {{2, 3}}};
    text += writer.add(first);
    text += writer.add({.choice = i, .reasoning = rest, .tool_calls = rest});
    text += writer.add({.choice = i, .content = rest, .finish = Finish::stop});
  }
  check_answer(text + writer.end({}), request.stream);
}

ReplyOptions options_of(const GenerationRequest& request, size_t prompts = 1) {
  return {.model = request.model,
          .choices = prompts * static_cast<size_t>(request.n),
          .stream = request.stream,
          .include_usage = request.include_usage,
          .logprobs = request.logprobs};
}

void check_generation(const GenerationRequest& request) {
  require(request.n >= 1 && request.n <= kMaxChoices, "n is in its range");
  require(!request.max_tokens || *request.max_tokens >= 0, "max_tokens is in its range");
  const SamplerOptions& s = request.generate.sampler;
  require(s.temperature >= 0 && s.temperature <= 2 && s.top_p >= 0 && s.top_p <= 1, "numbers are in their ranges");
}

template <typename T>
bool is_read(const Outcome<T>& request) {
  if (!request.ok()) check_error(request.error());
  return request.ok();
}

}  // namespace

void try_input(std::string_view bytes) {
  Choices choices(bytes);
  const auto endpoint = choices.take<uint8_t>();
  const std::string_view text = choices.rest();
  const Outcome<server::Json> body = server::parse_json(text);
  if (!is_read(body)) return;
  switch (endpoint % 6) {
    case 0:
      if (const auto chat = read_chat(*body); is_read(chat)) {
        check_generation(*chat);
        require(server::parse_json(chat->messages).ok(), "messages are JSON");
        require(chat->chat.tools.empty() || server::parse_json(chat->chat.tools).ok(), "tools are JSON");
        write(*chat_writer(options_of(*chat)), *chat, text);
      }
      return;
    case 1:
      if (const auto completion = read_completion(*body); is_read(completion)) {
        check_generation(*completion);
        require(!completion->prompts.empty() && completion->prompts.size() <= kMaxPrompts, "there are prompts");
        const ReplyOptions options = options_of(*completion, completion->prompts.size());
        const std::vector<std::string> echoed(completion->echo ? options.choices : 0, std::string(text));
        write(*completion_writer(options, echoed), *completion, text);
      }
      return;
    case 2:
      if (const auto asked = read_responses(*body); is_read(asked)) {
        check_generation(asked->chat);
        write(*responses_writer(options_of(asked->chat), asked->echoed), asked->chat, text);
      }
      return;
    case 3: is_read(read_embeddings(*body)); return;
    case 4: is_read(read_tokenize(*body)), is_read(read_detokenize(*body)); return;
    default: is_read(read_fine_tuning(*body));
  }
}

}  // namespace tritium::fuzz
