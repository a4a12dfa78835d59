#include <algorithm>
#include <charconv>

#include "server/openai/read_parts.h"

namespace tritium::server {
namespace {

void read_bias(Fields& fields, SamplerOptions& sampler) {
  const Json* bias = fields.read_object("logit_bias");
  if (!bias) return;
  constexpr double kMost = 100;
  for (const auto& [key, value] : bias->items()) {
    int32_t token = -1;
    const auto [end, problem] = std::from_chars(key.data(), key.data() + key.size(), token);
    if (problem != std::errc() || end != key.data() + key.size() || token < 0) {
      fields.refuse("logit_bias", "\"" + key.substr(0, 40) + "\" is not a token id");
      return;
    }
    if (!value.is_number() || value.get<double>() < -kMost || value.get<double>() > kMost) {
      fields.refuse("logit_bias", "of token " + key + " must be a number from -100 to 100");
      return;
    }
    sampler.logit_bias.push_back({.token = token, .bias = static_cast<float>(value.get<double>())});
  }
}

// Those that the servers of llama.cpp and vLLM take beside OpenAI's, under the names that either has.
void read_common_extras(Fields& fields, SamplerOptions& sampler) {
  constexpr double kAny = 1e30;
  constexpr int64_t kMost = INT32_MAX;
  // Theirs may be -1 for all tokens.
  if (fields.read("top_k", sampler.top_k, -1, kMost)) sampler.top_k = std::max<int64_t>(sampler.top_k, 0);
  fields.read("min_p", sampler.min_p, 0, 1);
  const bool named = fields.read("repeat_penalty", sampler.repeat_penalty, 0, kAny);
  if (fields.read("repetition_penalty", sampler.repeat_penalty, 0, kAny) && named)
    fields.refuse("repetition_penalty", "is repeat_penalty by another name: say one of them");
}

// The options of SamplerOptions that OpenAI's API has not; what their ranges are is the library's to say.
void read_extras(const Json& object, GenerationRequest& request, std::optional<ApiError>& error) {
  Fields fields(object, "tritium.", error);
  SamplerOptions& s = request.generate.sampler;
  constexpr double kAny = 1e30;
  constexpr int64_t kMost = INT32_MAX;
  fields.read("top_k", s.top_k, 0, kMost);
  fields.read("min_p", s.min_p, 0, 1);
  fields.read("typical_p", s.typical_p, 0, 1);
  fields.read("top_n_sigma", s.top_n_sigma, 0, kAny);
  fields.read("xtc_probability", s.xtc_probability, 0, 1);
  fields.read("xtc_threshold", s.xtc_threshold, 0, 1);
  fields.read("repeat_penalty", s.repeat_penalty, 0, kAny);
  fields.read("penalty_last_n", s.penalty_last_n, -1, kMost);
  fields.read("dry_multiplier", s.dry_multiplier, 0, kAny);
  fields.read("dry_base", s.dry_base, 0, kAny);
  fields.read("dry_allowed_length", s.dry_allowed_length, 0, kMost);
  fields.read("dry_penalty_last_n", s.dry_penalty_last_n, -1, kMost);
  int64_t mirostat = s.mirostat;
  if (fields.read("mirostat", mirostat, 0, 2)) s.mirostat = static_cast<int>(mirostat);
  fields.read("mirostat_tau", s.mirostat_tau, 0, kAny);
  fields.read("mirostat_eta", s.mirostat_eta, 0, kAny);
  fields.read("grammar", request.generate.grammar);
  if (fields.read("experts", request.generate.experts) && request.generate.experts && !request.stream)
    fields.refuse_unsupported("experts", "is told of streams alone: ask with \"stream\": true");
  fields.read("cache_prompt", request.cache_prompt);
  fields.finish();
}

}  // namespace

void read_generation(Fields& fields, GenerationRequest& request) {
  SamplerOptions& sampler = request.generate.sampler;
  fields.read("model", request.model);
  fields.read("n", request.n, 1, kMaxChoices);
  fields.read("stream", request.stream);
  std::optional<ApiError> error;
  if (const Json* options = fields.read_object("stream_options")) {
    Fields of_stream(*options, "stream_options.", error);
    of_stream.read("include_usage", request.include_usage);
    of_stream.ignore({"include_obfuscation"});
    of_stream.finish();
  }
  fields.read("temperature", sampler.temperature, 0, 2);
  fields.read("top_p", sampler.top_p, 0, 1);
  fields.read("frequency_penalty", sampler.frequency_penalty, -2, 2);
  fields.read("presence_penalty", sampler.presence_penalty, -2, 2);
  read_common_extras(fields, sampler);
  read_bias(fields, sampler);
  int64_t seed = 0;
  if (fields.read("seed", seed, INT64_MIN, INT64_MAX)) {
    // -1 would be kRandomSeed: a seed was asked for.
    sampler.seed = static_cast<uint64_t>(seed) == kRandomSeed ? kRandomSeed - 1 : static_cast<uint64_t>(seed);
  }
  fields.read("stop", request.generate.stop, kMaxStops);
  for (const std::string& stop : request.generate.stop)
    if (stop.empty()) fields.refuse("stop", "an empty text would end every answer");
  if (const Json* extras = fields.read_object("tritium")) read_extras(*extras, request, error);
  fields.ignore({"user", "metadata", "store", "service_tier", "parallel_tool_calls", "safety_identifier",
                 "prompt_cache_key", "prompt_cache_retention"});
  fields.take(std::move(error));
}

void read_response_format(Fields& fields, std::string_view key, bool flat, ChatRequest& request) {
  const Json* format = fields.read_object(key);
  if (!format) return;
  std::optional<ApiError> error;
  Fields of_format(*format, fields.name(key) + ".", error);
  size_t type = 0;
  if (!of_format.read_choice("type", {"text", "json_object", "json_schema"}, type))
    of_format.refuse("type", "is missing");
  const Json* schema = nullptr;
  const auto read_schema = [&](Fields& named) {
    std::string name;
    named.read("name", name);
    named.ignore({"description", "strict"});
    schema = named.read_object("schema");
    if (!schema) named.refuse("schema", "is missing");
  };
  if (type == 2 && flat) read_schema(of_format);
  if (type == 2 && !flat) {
    const Json* named = of_format.read_object("json_schema");
    if (named) {
      Fields of_schema(*named, of_format.name("json_schema") + ".", error);
      read_schema(of_schema);
      of_schema.finish();
    } else {
      of_format.refuse("json_schema", "is missing");
    }
  }
  of_format.finish();
  const bool failed = error.has_value();
  fields.take(std::move(error));
  if (failed || type == 0) return;
  if (!request.generate.grammar.empty())
    fields.refuse("tritium", "a grammar and a format of JSON at once: take one of them");
  request.generate.json_schema = type == 1 ? R"({"type":"object"})" : json_text(*schema);
  request.held_to_form = true;
}

std::vector<int32_t> read_tokens(const Json& array, const std::string& place, std::optional<ApiError>& error) {
  std::vector<int32_t> tokens;
  for (const Json& one : array) {
    if (!one.is_number_integer() || one.get<int64_t>() < 0 || one.get<int64_t>() > INT32_MAX) {
      if (!error) error = invalid(place + "[" + std::to_string(tokens.size()) + "]", "is not a token id");
      return {};
    }
    tokens.push_back(one.get<int32_t>());
  }
  return tokens;
}

}  // namespace tritium::server
