// Generations: by callback, and a token at a time.
#include "api/state.h"
#include "api/token_stream.h"
#include "base/cancel.h"
#include "base/caught.h"
#include "base/format_text.h"

namespace tritium {

Result<Generation> Session::generate(std::span<const int32_t> prompt, const GenerateOptions& options,
                                     const std::function<bool(const GeneratedToken&)>& on_token) try {
  const SessionCall call(state_.get());
  if (!call.status().ok()) return call.status();
  const CancelScope scope(options.keep_going);
  const Result<std::unique_ptr<TokenStream>> stream = TokenStream::start(*state_, prompt, options);
  if (!stream.ok()) return stream.status();
  for (;;) {
    const Result<std::optional<GeneratedToken>> token = (*stream)->next();
    if (!token.ok()) return token.status();
    if (!token->has_value()) return (*stream)->generation();
    if (on_token && !on_token(**token)) (*stream)->cancel();
  }
} catch (...) {
  return caught();
}

Status Session::begin(std::span<const int32_t> prompt, const GenerateOptions& options) try {
  const SessionCall call(state_.get());
  if (!call.status().ok()) return call.status();
  const CancelScope scope(options.keep_going);
  Result<std::unique_ptr<TokenStream>> stream = TokenStream::start(*state_, prompt, options);
  if (!stream.ok()) return stream.status();
  state_->stream = *std::move(stream);
  return Status();
} catch (...) {
  return caught();
}

Result<std::optional<GeneratedToken>> Session::next() try {
  const SessionCall call(state_.get(), SessionCall::Generation::goes_on);
  if (!call.status().ok()) return call.status();
  if (!state_->stream)
    return error(StatusCode::invalid_argument,
                 "no generation is under way: begin() one; any other call of the session has ended it");
  const CancelScope scope(state_->stream->keep_going());
  return state_->stream->next();
} catch (...) {
  return caught();
}

Result<Generation> Session::generation() const try {
  const SessionCall call(state_.get(), SessionCall::Generation::goes_on);
  if (!call.status().ok()) return call.status();
  if (!state_->stream) return error(StatusCode::invalid_argument, "no generation is under way: begin() one");
  return state_->stream->generation();
} catch (...) {
  return caught();
}

}  // namespace tritium
