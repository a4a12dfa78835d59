#include <algorithm>

#include "c_api/call.h"
#include "c_api/handles.h"
#include "c_api/sampler.h"
#include "c_api/structs.h"

namespace tritium::c_api {

template <>
tritium_generate_options defaults<tritium_generate_options>() {
  const GenerateOptions o;
  return {.size = sizeof(tritium_generate_options), .max_tokens = o.max_tokens, .sinks = o.sinks};
}

namespace {

Result<GenerateOptions> generate_options_of(const tritium_generate_options& o) {
  Result<SamplerOptions> sampler = sampler_options_of(o.sampler);
  if (!sampler.ok()) return sampler.status();
  Result<std::vector<std::string>> stop = texts_of(o.stop, o.n_stop, "stop");
  if (!stop.ok()) return stop.status();
  Result<std::vector<std::string>> triggers = texts_of(o.grammar_triggers, o.n_grammar_triggers, "grammar_triggers");
  if (!triggers.ok()) return triggers.status();
  const Result<WhenFull> when_full = choice(o.when_full, WhenFull::slide, "when_full");
  if (!when_full.ok()) return when_full.status();
  return GenerateOptions{.max_tokens = o.max_tokens,
                         .sampler = *std::move(sampler),
                         .guess = o.guess,
                         .stop_at_end = o.ignore_end == 0,
                         .stop = *std::move(stop),
                         .log_probabilities = o.log_probabilities,
                         .experts = o.experts != 0,
                         .grammar = text_or_empty(o.grammar),
                         .json_schema = text_or_empty(o.json_schema),
                         .grammar_triggers = *std::move(triggers),
                         .when_full = *when_full,
                         .sinks = o.sinks,
                         .keep_going = keep_going_of(o.cancel)};
}

// `probable` holds what the token points to.
tritium_token token_of(const GeneratedToken& token, std::vector<tritium_log_probability>& probable) {
  probable.clear();
  for (const TokenLogProbability& p : token.most_probable)
    probable.push_back({.log_probability = p.log_probability, .token = p.id, .reserved = 0});
  return {.size = sizeof(tritium_token),
          .text = token.text.data() ? token.text.data() : "",
          .text_size = token.text.size(),
          .log_probability = token.log_probability,
          .most_probable = probable.data(),
          .n_most_probable = probable.size(),
          .id = token.id,
          .reserved = 0,
          .experts = token.experts.data(),
          .n_experts = token.experts.size()};
}

tritium_generation generation_of(const Generation& g, const std::vector<std::string>& stop) {
  const auto at = std::ranges::find(stop, g.stop_text) - stop.begin();
  return {.size = sizeof(tritium_generation),
          .seed = g.seed,
          .tokens = std::ssize(g.tokens),
          .prompt_tokens = g.prompt_tokens,
          .guessed = g.guessed,
          .accepted = g.accepted,
          .seconds_to_first_token = g.seconds_to_first_token,
          .seconds = g.seconds,
          .tokens_per_second = g.tokens_per_second,
          .slides = g.slides,
          .stop = static_cast<int32_t>(g.stop),
          .stop_text = g.stop == StopReason::stop_text && at < std::ssize(stop) ? static_cast<int32_t>(at) : -1};
}

static_assert(TRITIUM_STOP_END_OF_TEXT == static_cast<int>(StopReason::end_of_text));
static_assert(TRITIUM_STOP_MAX_TOKENS == static_cast<int>(StopReason::max_tokens));
static_assert(TRITIUM_STOP_CONTEXT_FULL == static_cast<int>(StopReason::context_full));
static_assert(TRITIUM_STOP_CANCELLED == static_cast<int>(StopReason::cancelled));
static_assert(TRITIUM_STOP_TEXT == static_cast<int>(StopReason::stop_text));

}  // namespace
}  // namespace tritium::c_api

extern "C" {

using namespace tritium::c_api;
using tritium::Status;

void tritium_generate_options_init(tritium_generate_options* options, uint64_t size) { init_options(options, size); }

tritium_status tritium_session_generate(tritium_session* session, const int32_t* prompt, uint64_t n_prompt,
                                        const tritium_generate_options* options, tritium_on_token on_token, void* data,
                                        tritium_generation* out, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{session, "session"}}); !s.ok()) return s;
    if (out)
      if (Status s = check_out(out, "tritium_generation"); !s.ok()) return s;
    const auto ids = given(prompt, n_prompt, "prompt");
    if (!ids.ok()) return ids.status();
    const auto all = options_of(options, "tritium_generate_options");
    if (!all.ok()) return all.status();
    const auto chosen = generate_options_of(*all);
    if (!chosen.ok()) return chosen.status();
    std::function<bool(const tritium::GeneratedToken&)> each;
    std::vector<tritium_log_probability> probable;
    if (on_token)
      each = [&](const tritium::GeneratedToken& token) {
        const tritium_token now = token_of(token, probable);
        return on_token(data, &now) == 0;
      };
    const auto generation = session->session.generate(*ids, *chosen, each);
    if (!generation.ok()) return generation.status();
    if (!out) return {};
    return give(generation_of(*generation, chosen->stop), out, "tritium_generation");
  });
}

tritium_status tritium_session_begin(tritium_session* session, const int32_t* prompt, uint64_t n_prompt,
                                     const tritium_generate_options* options, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{session, "session"}}); !s.ok()) return s;
    const auto ids = given(prompt, n_prompt, "prompt");
    if (!ids.ok()) return ids.status();
    const auto all = options_of(options, "tritium_generate_options");
    if (!all.ok()) return all.status();
    auto chosen = generate_options_of(*all);
    if (!chosen.ok()) return chosen.status();
    if (Status s = session->session.begin(*ids, *chosen); !s.ok()) return s;
    session->stop = std::move(chosen->stop);
    return {};
  });
}

tritium_status tritium_session_next(tritium_session* session, tritium_token* out, int32_t* more, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{session, "session"}, {more, "more"}}); !s.ok()) return s;
    *more = 0;
    if (Status s = check_out(out, "tritium_token"); !s.ok()) return s;
    const auto token = session->session.next();
    if (!token.ok()) return token.status();
    if (!token->has_value()) return {};
    *more = 1;
    return give(token_of(**token, session->most_probable), out, "tritium_token");
  });
}

tritium_status tritium_sessions_next(tritium_session* const* sessions, uint64_t n, tritium_token* const* tokens,
                                     int32_t* more, tritium_status* outcomes, tritium_error* error) {
  Outcome first_failure;
  const tritium_status done = guarded(error, [&]() -> Outcome {
    if (Status s = needs({{sessions, "sessions"}, {tokens, "tokens"}, {more, "more"}, {outcomes, "outcomes"}}); !s.ok())
      return s;
    const auto handles = given(sessions, n, "sessions");
    if (!handles.ok()) return handles.status();
    std::vector<tritium::Session*> all;
    for (uint64_t i = 0; i < n; ++i) {
      if (Status s = needs({{sessions[i], "a session"}}); !s.ok()) return s;
      if (Status s = check_out(tokens[i], "tritium_token"); !s.ok()) return s;
      all.push_back(&sessions[i]->session);
    }
    const auto next = tritium::next_of_each(all);
    if (!next.ok()) return next.status();
    for (uint64_t i = 0; i < n; ++i) {
      const auto& token = (*next)[i];
      outcomes[i] = static_cast<tritium_status>(token.code());
      more[i] = token.ok() && token->has_value() ? 1 : 0;
      if (more[i]) copy_struct(token_of(**token, sessions[i]->most_probable), tokens[i], tokens[i]->size);
      if (!token.ok() && first_failure.status == TRITIUM_OK) first_failure = token.status();
    }
    return {};
  });
  if (done == TRITIUM_OK && first_failure.status != TRITIUM_OK) report(error, first_failure);
  return done;
}

tritium_status tritium_session_generation(tritium_session* session, tritium_generation* out, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{session, "session"}}); !s.ok()) return s;
    const auto generation = session->session.generation();
    if (!generation.ok()) return generation.status();
    return give(generation_of(*generation, session->stop), out, "tritium_generation");
  });
}
}
