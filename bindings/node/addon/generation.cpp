#include "addon/functions.h"

namespace tritium::node {
namespace {

// All that tritium_generate_options points to.
struct Options {
  std::shared_ptr<tritium_cancel> cancel;
  std::optional<std::string> grammar, json_schema;
  std::vector<std::string> stop, triggers, breakers;
  std::vector<const char*> stop_pointers, trigger_pointers, breaker_pointers;
  std::vector<tritium_logit_bias> bias;
  tritium_sampler_options sampler;
  tritium_generate_options generate;
};

void read_sampler(napi_env env, const Object& given, Options& all) {
  tritium_sampler_options& o = all.sampler;
  tritium_sampler_options_init(&o, sizeof o);
  given.get("seed", o.seed);
  given.get("topK", o.top_k);
  given.get("temperature", o.temperature);
  given.get("topP", o.top_p);
  given.get("minP", o.min_p);
  given.get("typicalP", o.typical_p);
  given.get("topNSigma", o.top_n_sigma);
  given.get("xtcProbability", o.xtc_probability);
  given.get("xtcThreshold", o.xtc_threshold);
  given.get("repeatPenalty", o.repeat_penalty);
  given.get("frequencyPenalty", o.frequency_penalty);
  given.get("presencePenalty", o.presence_penalty);
  given.get("penaltyLastN", o.penalty_last_n);
  given.get("dryMultiplier", o.dry_multiplier);
  given.get("dryBase", o.dry_base);
  given.get("dryAllowedLength", o.dry_allowed_length);
  given.get("dryPenaltyLastN", o.dry_penalty_last_n);
  given.get("mirostat", o.mirostat);
  given.get("mirostatTau", o.mirostat_tau);
  given.get("mirostatEta", o.mirostat_eta);
  given.get("drySequenceBreakers", all.breakers);
  if (given.find("drySequenceBreakers")) {
    all.breaker_pointers = pointers_to(all.breakers);
    all.breaker_pointers.push_back(nullptr);  // none is another thing than the usual ones
    o.dry_sequence_breakers = all.breaker_pointers.data();
    o.n_dry_sequence_breakers = all.breakers.size();
  }
  for (const napi_value pair : given.array("logitBias")) {
    tritium_logit_bias& row = all.bias.emplace_back();
    const Object bias(env, pair);
    bias.get("token", row.token);
    bias.get("bias", row.bias);
  }
  o.logit_bias = all.bias.data();
  o.n_logit_bias = all.bias.size();
}

std::shared_ptr<Options> read_options(napi_env env, napi_value value) {
  auto all = std::make_shared<Options>();
  const Object given(env, value);
  read_sampler(env, given, *all);
  tritium_generate_options& o = all->generate;
  tritium_generate_options_init(&o, sizeof o);
  given.get("maxTokens", o.max_tokens);
  given.get("guess", o.guess);
  given.get("stop", all->stop);
  given.get("logProbabilities", o.log_probabilities);
  given.get("sinks", o.sinks);
  given.get("whenFull", o.when_full);
  given.get("ignoreEnd", o.ignore_end);
  given.get("experts", o.experts);
  given.get("grammar", all->grammar);
  given.get("jsonSchema", all->json_schema);
  given.get("grammarTriggers", all->triggers);
  all->cancel = cancel_of(env, given);
  given.refuse_others();
  all->stop_pointers = pointers_to(all->stop);
  all->trigger_pointers = pointers_to(all->triggers);
  o.sampler = &all->sampler;
  o.cancel = all->cancel.get();
  o.stop = all->stop_pointers.data();
  o.n_stop = all->stop.size();
  o.grammar = pointer_to(all->grammar);
  o.json_schema = pointer_to(all->json_schema);
  o.grammar_triggers = all->trigger_pointers.data();
  o.n_grammar_triggers = all->triggers.size();
  return all;
}

// A token, copied on the thread that got it: what it points to is the session's.
struct Token {
  std::string text;
  double log_probability;
  std::vector<tritium_log_probability> most_probable;
  std::vector<int32_t> experts;
  int32_t id;

  explicit Token(const tritium_token& token)
      : text(token.text, token.text_size),
        log_probability(token.log_probability),
        most_probable(token.most_probable, token.most_probable + token.n_most_probable),
        experts(token.experts, token.experts + token.n_experts),
        id(token.id) {}

  napi_value to_js(napi_env env) const {
    const auto row = [&](size_t i) {
      return ObjectBuilder(env)
          .set("token", most_probable[i].token)
          .set("logProbability", most_probable[i].log_probability)
          .value();
    };
    return ObjectBuilder(env)
        .set("text", std::string_view(text))
        .set("id", id)
        .set("logProbability", log_probability)
        .set_value("mostProbable", array_of(env, most_probable.size(), row))
        .set_value("experts", tritium::node::to_js(env, std::span<const int32_t>(experts)))
        .value();
  }
};

napi_value token_or_null(napi_env env, const std::optional<Token>& token) {
  if (token) return token->to_js(env);
  napi_value null = nullptr;
  check(env, napi_get_null(env, &null));
  return null;
}

}  // namespace

napi_value session_begin(const Call& call) {
  return promise(
      call.env,
      [session = held<tritium_session>(call.env, call.arguments[0]), tokens = tokens_of(call.env, call.arguments[1]),
       options = read_options(call.env, call.arguments[2])](tritium_error* error) {
        return tritium_session_begin(session.get(), tokens.data(), tokens.size(), &options->generate, error);
      },
      undefined);
}

napi_value session_next(const Call& call) {
  auto token = std::make_shared<std::optional<Token>>();
  return promise(
      call.env,
      [token, session = held<tritium_session>(call.env, call.arguments[0])](tritium_error* error) {
        tritium_token next = {.size = sizeof next};
        int32_t more = 0;
        const tritium_status status = tritium_session_next(session.get(), &next, &more, error);
        if (status == TRITIUM_OK && more) token->emplace(next);
        return status;
      },
      [token](napi_env env) { return token_or_null(env, *token); });
}

napi_value sessions_next(const Call& call) {
  struct State {
    std::vector<std::shared_ptr<tritium_session>> sessions;
    std::vector<std::optional<Token>> tokens;
    std::vector<tritium_status> outcomes;
    std::string message;  // of the first that failed
  };
  auto state = std::make_shared<State>();
  uint32_t n = 0;
  check(call.env, napi_get_array_length(call.env, call.arguments[0], &n));
  for (uint32_t i = 0; i < n; ++i) {
    napi_value session = nullptr;
    check(call.env, napi_get_element(call.env, call.arguments[0], i, &session));
    state->sessions.push_back(held<tritium_session>(call.env, session));
  }
  return promise(
      call.env,
      [state, n](tritium_error* error) {
        std::vector<tritium_session*> sessions;
        std::vector<tritium_token> next(n, tritium_token{.size = sizeof(tritium_token)});
        std::vector<tritium_token*> places;
        std::vector<int32_t> more(n);
        state->tokens.resize(n);
        state->outcomes.resize(n);
        for (uint32_t i = 0; i < n; ++i) {
          sessions.push_back(state->sessions[i].get());
          places.push_back(&next[i]);
        }
        const tritium_status status =
            tritium_sessions_next(sessions.data(), n, places.data(), more.data(), state->outcomes.data(), error);
        if (status != TRITIUM_OK) return status;
        state->message = error->message;
        for (uint32_t i = 0; i < n; ++i)
          if (more[i] && state->outcomes[i] == TRITIUM_OK) state->tokens[i].emplace(next[i]);
        return status;
      },
      [state](napi_env env) {
        return array_of(env, state->tokens.size(), [&](size_t i) {
          if (state->outcomes[i] == TRITIUM_OK) return token_or_null(env, state->tokens[i]);
          const char* name = tritium_status_name(state->outcomes[i]);
          napi_value error = nullptr;
          check(env, napi_create_error(env, to_js(env, name),
                                       to_js(env, state->message.empty() ? name : state->message.c_str()), &error));
          state->message.clear();
          return error;
        });
      });
}

napi_value session_generation(const Call& call) {
  auto result = std::make_shared<tritium_generation>(tritium_generation{.size = sizeof(tritium_generation)});
  return promise(
      call.env,
      [result, session = held<tritium_session>(call.env, call.arguments[0])](tritium_error* error) {
        return tritium_session_generation(session.get(), result.get(), error);
      },
      [result](napi_env env) {
        napi_value seed = nullptr;
        check(env, napi_create_bigint_uint64(env, result->seed, &seed));
        return ObjectBuilder(env)
            .set("stop", result->stop)
            .set("stopText", result->stop_text)
            .set_value("seed", seed)
            .set("tokens", result->tokens)
            .set("promptTokens", result->prompt_tokens)
            .set("guessed", result->guessed)
            .set("accepted", result->accepted)
            .set("secondsToFirstToken", result->seconds_to_first_token)
            .set("seconds", result->seconds)
            .set("tokensPerSecond", result->tokens_per_second)
            .set("slides", result->slides)
            .value();
      });
}

}  // namespace tritium::node
