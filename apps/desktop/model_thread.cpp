// Loading; and turns: what is rendered, what of it is new, and what becomes of the answer.
#include "desktop/model_thread.h"

#include <algorithm>
#include <utility>

namespace tritium::desktop {
namespace {

void fail(const Request& request, Status status) {
  request.tell({.kind = ModelEvent::Kind::failed, .status = std::move(status)});
}

}  // namespace

ModelThread::ModelThread() = default;
ModelThread::~ModelThread() = default;

void ModelThread::list(const Request& request) {
  request.tell({.kind = ModelEvent::Kind::devices, .devices = list_devices()});
}

void ModelThread::load(const Request& request, const std::string& path, const std::string& backend) {
  session_.reset();
  model_.reset();
  evaluated_.clear();
  asked_ = left_out_ = 0;
  if (!request.going()) return fail(request, Status(StatusCode::cancelled, "stopped"));
  const auto going = [&request] { return request.going(); };
  const Result<Runtime> runtime = Runtime::create({.backend = backend, .threads = worker_threads()});
  if (!runtime.ok()) return fail(request, runtime.status());
  LoadOptions options;
  options.keep_going = going;
  options.progress = [&](double fraction) {
    request.tell({.kind = ModelEvent::Kind::loading, .fraction = fraction});
    return going();
  };
  Result<Model> model = runtime->load(path, options);
  if (!model.ok()) return fail(request, model.status());
  Result<Session> session = model->create_session({.keep_going = going});
  if (!session.ok()) return fail(request, session.status());
  model_ = *std::move(model);
  session_ = *std::move(session);
  request.tell({.kind = ModelEvent::Kind::loaded,
                .backend = runtime->backend(),
                .info = model_->info(),
                .has_template = model_->has_chat_template()});
}

// Without a chat template the model goes on with all that was written, by either side.
Result<std::vector<int32_t>> ModelThread::tokens_of(std::span<const ChatMessage> messages) const {
  if (model_->has_chat_template()) {
    Result<ChatPrompt> prompt = model_->format_chat(messages);
    if (!prompt.ok()) return prompt.status();
    if (prompt->tokens.empty()) return Status(StatusCode::unsupported, "the chat template made no text to go on from");
    return std::move(prompt->tokens);
  }
  std::string text;
  for (const ChatMessage& message : messages) text += message.content;
  return model_->tokenize(text);
}

// Where the context is too short for all of it, the oldest turns are left out, and stay so until turns are taken back.
Result<std::vector<int32_t>> ModelThread::prompt_that_fits(const std::vector<ChatMessage>& messages,
                                                           int64_t max_tokens) {
  if (messages.size() < asked_) left_out_ = 0;
  asked_ = messages.size();
  // A quarter of the context is for the answer at least, unless a shorter one is asked for.
  const int64_t context = session_->context();
  const int64_t room = context - std::min(max_tokens, std::max<int64_t>(context / 4, 1));
  for (;;) {
    Result<std::vector<int32_t>> tokens = tokens_of(std::span(messages).subspan(left_out_));
    if (!tokens.ok() || static_cast<int64_t>(tokens->size()) <= room) return tokens;
    const auto next = std::find_if(messages.begin() + static_cast<std::ptrdiff_t>(left_out_) + 1, messages.end(),
                                   [](const ChatMessage& message) { return message.role == "user"; });
    if (next == messages.end())
      return Status(StatusCode::out_of_memory, "the message has " + std::to_string(tokens->size()) +
                                                   " tokens with what belongs to it; the context holds " +
                                                   std::to_string(context) + ": write a shorter one");
    left_out_ = static_cast<size_t>(next - messages.begin());
  }
}

// The rest of the prompt, after the tokens that the session has: the last one always, for its logits.
Result<std::span<const int32_t>> ModelThread::keep_what_is_known(std::span<const int32_t> prompt) {
  const size_t most = std::min(evaluated_.size(), prompt.size() - 1);
  const auto [differs, known] =
      std::mismatch(prompt.begin(), prompt.begin() + static_cast<std::ptrdiff_t>(most), evaluated_.begin());
  const auto same = static_cast<size_t>(differs - prompt.begin());
  if (const Status rewound = session_->rewind(static_cast<int64_t>(same)); !rewound.ok()) return rewound;
  evaluated_.resize(same);
  return prompt.subspan(same);
}

Result<Generation> ModelThread::generate(const Request& request, std::span<const int32_t> fresh,
                                         GenerateOptions options) {
  Result<ChatReplyStream> stream = model_->reply_stream();
  if (!stream.ok()) return stream.status();
  options.keep_going = [&request] { return request.going(); };
  options.experts = model_->info().n_experts > 0;
  Status parsed;
  int64_t tokens = 0;
  const auto tell = [&](Result<ChatReply> part, std::span<const int32_t> experts) {
    parsed = part.status();
    if (part.ok())
      request.tell({.kind = ModelEvent::Kind::part,
                    .part = *std::move(part),
                    .experts = {experts.begin(), experts.end()},
                    .tokens = tokens});
    return parsed.ok();
  };
  Result<Generation> generation = session_->generate(fresh, options, [&](const GeneratedToken& token) {
    ++tokens;
    return token.id < 0 || tell(stream->append(token.id), token.experts);
  });
  if (generation.ok() && parsed.ok()) tell(stream->finish(), {});
  // What was evaluated stays in the session: all of it but, perhaps, the last token.
  evaluated_.insert(evaluated_.end(), fresh.begin(), fresh.end());
  if (generation.ok()) evaluated_.insert(evaluated_.end(), generation->tokens.begin(), generation->tokens.end());
  evaluated_.resize(std::min(evaluated_.size(), static_cast<size_t>(session_->position())));
  if (generation.ok() && !parsed.ok()) return parsed;
  return generation;
}

void ModelThread::answer(const Request& request, const std::vector<ChatMessage>& messages,
                         const GenerateOptions& options) {
  if (!model_ || !session_) return fail(request, Status(StatusCode::not_found, "there is no model: open one first"));
  const Result<std::vector<int32_t>> prompt = prompt_that_fits(messages, options.max_tokens);
  if (!prompt.ok()) return fail(request, prompt.status());
  if (prompt->empty()) return fail(request, Status(StatusCode::unsupported, "there is no text to go on from"));
  const Result<std::span<const int32_t>> fresh = keep_what_is_known(*prompt);
  if (!fresh.ok()) return fail(request, fresh.status());
  Result<Generation> generation = generate(request, *fresh, options);
  if (!generation.ok()) return fail(request, generation.status());
  request.tell({.kind = ModelEvent::Kind::answered,
                .generation = *std::move(generation),
                .prompt_tokens = static_cast<int64_t>(prompt->size()),
                .left_out = left_out_});
}

}  // namespace tritium::desktop
