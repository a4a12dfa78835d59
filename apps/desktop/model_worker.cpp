// Loading and answering.
#include "desktop/model_worker.h"

namespace tritium::desktop {

uint64_t ModelWorker::list() {
  const uint64_t request = current_;
  worker_.post([this, request] {
    events_.put({.kind = ModelEvent::Kind::devices, .request = request, .devices = list_devices()});
  });
  return request;
}

uint64_t ModelWorker::open(const std::string& path, const std::string& backend) {
  const uint64_t request = ++current_;
  worker_.post([=, this] { load(request, path, backend); });
  return request;
}

uint64_t ModelWorker::answer(std::vector<ChatMessage> messages, const GenerateOptions& options) {
  const uint64_t request = ++current_;
  worker_.post([=, this, messages = std::move(messages)] { generate(request, messages, options); });
  return request;
}

void ModelWorker::fail(uint64_t request, Status status) {
  events_.put({.kind = ModelEvent::Kind::failed, .request = request, .status = std::move(status)});
}

// The model before goes first: there may be no memory for both.
void ModelWorker::load(uint64_t request, const std::string& path, const std::string& backend) {
  session_.reset();
  model_.reset();
  const auto going = [this, request] { return current_ == request; };
  const Result<Runtime> runtime = Runtime::create({.backend = backend, .threads = worker_threads()});
  if (!runtime.ok()) return fail(request, runtime.status());
  LoadOptions options;
  options.keep_going = going;
  options.progress = [&](double fraction) {
    events_.put({.kind = ModelEvent::Kind::loading, .request = request, .fraction = fraction});
    return going();
  };
  Result<Model> model = runtime->load(path, options);
  if (!model.ok()) return fail(request, model.status());
  Result<Session> session = model->create_session({.keep_going = going});
  if (!session.ok()) return fail(request, session.status());
  model_ = *std::move(model);
  session_ = *std::move(session);
  events_.put({.kind = ModelEvent::Kind::loaded,
               .request = request,
               .backend = runtime->backend(),
               .info = model_->info(),
               .has_template = model_->has_chat_template()});
}

// Without a chat template the model goes on with what was written last.
Result<std::vector<int32_t>> ModelWorker::prompt_of(const std::vector<ChatMessage>& messages) const {
  if (!model_->has_chat_template()) return model_->tokenize(messages.empty() ? "" : messages.back().content);
  Result<ChatPrompt> prompt = model_->format_chat(messages);
  if (!prompt.ok()) return prompt.status();
  return std::move(prompt->tokens);
}

void ModelWorker::generate(uint64_t request, const std::vector<ChatMessage>& messages, GenerateOptions options) {
  if (!model_ || !session_) return fail(request, Status(StatusCode::not_found, "there is no model: open one first"));
  const Result<std::vector<int32_t>> prompt = prompt_of(messages);
  if (!prompt.ok()) return fail(request, prompt.status());
  Result<ChatReplyStream> stream = model_->reply_stream();
  if (!stream.ok()) return fail(request, stream.status());
  if (const Status empty = session_->rewind(0); !empty.ok()) return fail(request, empty);
  options.keep_going = [this, request] { return current_ == request; };
  options.experts = model_->info().n_experts > 0;
  Status parsed;
  int64_t tokens = 0;
  const auto tell = [&](Result<ChatReply> part, std::span<const int32_t> experts) {
    parsed = part.status();
    if (part.ok())
      events_.put({.kind = ModelEvent::Kind::part,
                   .request = request,
                   .part = *std::move(part),
                   .experts = {experts.begin(), experts.end()},
                   .tokens = tokens});
    return parsed.ok();
  };
  Result<Generation> generation = session_->generate(*prompt, options, [&](const GeneratedToken& token) {
    ++tokens;
    return token.id < 0 || tell(stream->append(token.id), token.experts);
  });
  if (!generation.ok()) return fail(request, generation.status());
  if (parsed.ok()) tell(stream->finish(), {});
  if (!parsed.ok()) return fail(request, parsed);
  events_.put({.kind = ModelEvent::Kind::answered, .request = request, .generation = *std::move(generation)});
}

}  // namespace tritium::desktop
