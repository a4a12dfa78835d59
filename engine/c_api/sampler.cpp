#include "c_api/sampler.h"

#include "c_api/call.h"
#include "c_api/handles.h"
#include "c_api/structs.h"

namespace tritium::c_api {

static_assert(TRITIUM_RANDOM_SEED == kRandomSeed);

namespace {

// The members that both sides have under one name and as one type: each(C's, the library's).
template <typename Each>
void each_option(const Each& each) {
  using C = tritium_sampler_options;
  using L = SamplerOptions;
  each(&C::seed, &L::seed);
  each(&C::top_k, &L::top_k);
  each(&C::temperature, &L::temperature);
  each(&C::top_p, &L::top_p);
  each(&C::min_p, &L::min_p);
  each(&C::typical_p, &L::typical_p);
  each(&C::top_n_sigma, &L::top_n_sigma);
  each(&C::xtc_probability, &L::xtc_probability);
  each(&C::xtc_threshold, &L::xtc_threshold);
  each(&C::repeat_penalty, &L::repeat_penalty);
  each(&C::frequency_penalty, &L::frequency_penalty);
  each(&C::presence_penalty, &L::presence_penalty);
  each(&C::penalty_last_n, &L::penalty_last_n);
  each(&C::dry_multiplier, &L::dry_multiplier);
  each(&C::dry_base, &L::dry_base);
  each(&C::dry_allowed_length, &L::dry_allowed_length);
  each(&C::dry_penalty_last_n, &L::dry_penalty_last_n);
  each(&C::mirostat, &L::mirostat);
  each(&C::mirostat_tau, &L::mirostat_tau);
  each(&C::mirostat_eta, &L::mirostat_eta);
}

}  // namespace

template <>
tritium_sampler_options defaults<tritium_sampler_options>() {
  const SamplerOptions library;
  tritium_sampler_options o = {.size = sizeof(tritium_sampler_options)};
  each_option([&](auto ours, auto theirs) { o.*ours = library.*theirs; });
  return o;
}

Result<std::vector<std::string>> texts_of(const char* const* texts, uint64_t n, const char* name) {
  const auto all = given(texts, n, name);
  if (!all.ok()) return all.status();
  std::vector<std::string> strings;
  for (const char* text : *all) {
    if (!text) return error(StatusCode::invalid_argument, name, "[", strings.size(), "] is NULL");
    strings.emplace_back(text);
  }
  return strings;
}

Result<SamplerOptions> sampler_options_of(const tritium_sampler_options* options) {
  const auto all = options_of(options, "tritium_sampler_options");
  if (!all.ok()) return all.status();
  const tritium_sampler_options& o = *all;
  SamplerOptions sampler;
  each_option([&](auto ours, auto theirs) { sampler.*theirs = o.*ours; });
  if (o.dry_sequence_breakers) {
    auto breakers = texts_of(o.dry_sequence_breakers, o.n_dry_sequence_breakers, "dry_sequence_breakers");
    if (!breakers.ok()) return breakers.status();
    sampler.dry_sequence_breakers = *std::move(breakers);
  }
  const auto biases = given(o.logit_bias, o.n_logit_bias, "logit_bias");
  if (!biases.ok()) return biases.status();
  for (const tritium_logit_bias& b : *biases) sampler.logit_bias.push_back({.token = b.token, .bias = b.bias});
  return sampler;
}

}  // namespace tritium::c_api

extern "C" {

using namespace tritium::c_api;
using tritium::Status;

void tritium_sampler_options_init(tritium_sampler_options* options, uint64_t size) { init_options(options, size); }

tritium_status tritium_sampler_create(const tritium_sampler_options* options, tritium_sampler** out,
                                      tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{out, "out"}}); !s.ok()) return s;
    *out = nullptr;
    const auto all = sampler_options_of(options);
    if (!all.ok()) return all.status();
    auto sampler = tritium::Sampler::create(*all);
    if (!sampler.ok()) return sampler.status();
    return give_handle(out, *std::move(sampler));
  });
}

tritium_status tritium_sampler_sample(tritium_sampler* sampler, const float* logits, uint64_t n_logits, int32_t* out,
                                      tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{sampler, "sampler"}, {logits, "logits"}, {out, "out"}}); !s.ok()) return s;
    const auto all = given(logits, n_logits, "logits");
    if (!all.ok()) return all.status();
    if (all->empty()) return tritium::error(tritium::StatusCode::invalid_argument, "there are no logits");
    *out = sampler->sampler.sample(*all);
    return {};
  });
}

tritium_status tritium_sampler_accept(tritium_sampler* sampler, int32_t token, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{sampler, "sampler"}}); !s.ok()) return s;
    return sampler->sampler.accept(token);
  });
}

void tritium_sampler_release(tritium_sampler* sampler) { delete sampler; }
}
