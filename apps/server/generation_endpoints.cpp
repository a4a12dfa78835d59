// The endpoints that generate: a request's pieces, as they come, through its writer.
#include "server/service.h"

namespace tritium::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kTick(250);                  // how soon a client that left is seen
constexpr std::chrono::seconds kKeepAlive(10);      // of silence
constexpr std::chrono::seconds kUntilTheStatus(5);  // an error until then is the answer's status

struct Reply {
  std::unique_ptr<Answer> answer;
  std::unique_ptr<ReplyWriter> writer;
};

ReplyOptions reply_options(const ServedModel& served, const GenerationRequest& request, const Answer& answer) {
  return {.model = served.id,
          .created = seconds_since_1970(),
          .choices = answer.choices(),
          .stream = request.stream,
          .include_usage = request.include_usage,
          .logprobs = request.logprobs};
}

// Nobody reads this.
HttpReply nobody() {
  constexpr int kClientClosed = 499;  // nginx's, for the log
  return {.status = kClientClosed, .body = "{}"};
}

HttpReply whole(Reply reply, const Gone& gone) {
  reply.writer->begin();
  Piece piece;
  for (steady_clock::time_point asked = steady_clock::now();;) {
    // By the clock: while tokens come there is never nothing.
    if (const auto now = steady_clock::now(); now - asked >= kTick) {
      if (gone()) return nobody();
      asked = now;
    }
    switch (reply.answer->next(kTick, piece)) {
      case Answer::Next::piece: reply.writer->add(piece); break;
      case Answer::Next::nothing: break;
      case Answer::Next::ended: return {.body = reply.writer->end(reply.answer->usage())};
      case Answer::Next::failed: return reply_of(reply.answer->error());
    }
  }
}

void write_stream(Reply& reply, Answer::Next next, Piece piece, Sink& sink) {
  bool open = sink.write(reply.writer->begin());
  steady_clock::time_point said = steady_clock::now();
  while (open && !sink.gone()) {
    const bool speaks = next != Answer::Next::nothing;
    if (next == Answer::Next::piece) open = sink.write(reply.writer->add(piece));
    if (next == Answer::Next::ended) open = sink.write(reply.writer->end(reply.answer->usage()));
    if (next == Answer::Next::failed) open = sink.write(sse_error(reply.answer->error()));
    if (next == Answer::Next::ended || next == Answer::Next::failed) return;
    if (!speaks && steady_clock::now() - said > kKeepAlive) open = sink.write(kSseKeepAlive);
    if (speaks || steady_clock::now() - said > kKeepAlive) said = steady_clock::now();
    next = reply.answer->next(kTick, piece);
  }
  reply.answer->cancel();
}

HttpReply streamed(Reply begun, const Gone& gone) {
  Piece piece;
  Answer::Next next = Answer::Next::nothing;
  for (const auto until = steady_clock::now() + kUntilTheStatus;
       next == Answer::Next::nothing && steady_clock::now() < until;) {
    next = begun.answer->next(kTick, piece);
    if (gone()) return nobody();
  }
  if (next == Answer::Next::failed) return reply_of(begun.answer->error());
  const auto reply = std::make_shared<Reply>(std::move(begun));
  return {.content_type = "text/event-stream",
          .headers = {{"Cache-Control", "no-cache"}, {"X-Accel-Buffering", "no"}},
          .stream = [reply, next, piece = std::move(piece)](Sink& sink) { write_stream(*reply, next, piece, sink); }};
}

// `read` gives the request, `writer_of` what writes its answer.
template <typename Request, typename WriterOf>
HttpReply generate(Service& service, const HttpRequest& http, const Gone& gone, Outcome<Request> (*read)(const Json&),
                   WriterOf writer_of) {
  const Outcome<Json> body = parse_json(http.body);
  if (!body.ok()) return reply_of(body.error());
  const Outcome<Request> request = read(*body);
  if (!request.ok()) return reply_of(request.error());
  const auto& asked = [&]() -> const auto& {
    if constexpr (std::is_same_v<Request, ResponsesRequest>)
      return request->chat;
    else
      return *request;
  }
  ();
  const Outcome<ServedModel> served = service.models.find(asked.model);
  if (!served.ok()) return reply_of(served.error());
  Outcome<std::unique_ptr<Answer>> answer = Answer::begin(*served, asked, service.answer_limits());
  if (!answer.ok()) return reply_of(answer.error());
  std::unique_ptr<ReplyWriter> writer = writer_of(reply_options(*served, asked, **answer), *request, **answer);
  Reply reply{.answer = std::move(*answer), .writer = std::move(writer)};
  return asked.stream ? streamed(std::move(reply), gone) : whole(std::move(reply), gone);
}

}  // namespace

HttpReply chat_completions(Service& service, const HttpRequest& request, const Gone& gone) {
  return generate<ChatRequest>(
      service, request, gone, read_chat,
      [](const ReplyOptions& options, const ChatRequest&, const Answer&) { return chat_writer(options); });
}

HttpReply completions(Service& service, const HttpRequest& request, const Gone& gone) {
  return generate<CompletionRequest>(service, request, gone, read_completion,
                                     [](const ReplyOptions& options, const CompletionRequest&, const Answer& answer) {
                                       return completion_writer(options, answer.echoed());
                                     });
}

HttpReply responses(Service& service, const HttpRequest& request, const Gone& gone) {
  return generate<ResponsesRequest>(service, request, gone, read_responses,
                                    [](const ReplyOptions& options, const ResponsesRequest& asked, const Answer&) {
                                      return responses_writer(options, asked.echoed);
                                    });
}

}  // namespace tritium::server
