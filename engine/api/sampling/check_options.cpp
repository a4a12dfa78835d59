#include "api/sampling/check_options.h"

#include <algorithm>
#include <cmath>

#include "base/format_text.h"

namespace tritium {
namespace {

// The first option that is not as it must be.
class Checker {
 public:
  void operator()(bool good, const char* name, auto value, const char* range) {
    if (!good && status_.ok()) status_ = error(StatusCode::invalid_argument, name, " is ", value, ", must be ", range);
  }
  const Status& status() const { return status_; }

 private:
  Status status_;
};

// At least, and finite; NaN is neither.
bool at_least(float value, float least) { return value >= least && std::isfinite(value); }

void check_truncation(Checker& check, const SamplerOptions& o) {
  check(at_least(o.temperature, 0), "temperature", o.temperature, "0 or more");
  check(o.top_k >= 0, "top_k", o.top_k, "0 (all) or more");
  check(o.top_p > 0 && o.top_p <= 1, "top_p", o.top_p, "above 0 and at most 1");
  check(o.min_p >= 0 && o.min_p < 1, "min_p", o.min_p, "0 or more and below 1");
  check(o.typical_p > 0 && o.typical_p <= 1, "typical_p", o.typical_p, "above 0 and at most 1");
  check(at_least(o.top_n_sigma, 0), "top_n_sigma", o.top_n_sigma, "0 (all) or more");
  check(o.xtc_probability >= 0 && o.xtc_probability <= 1, "xtc_probability", o.xtc_probability, "0 to 1");
  check(o.xtc_threshold >= 0 && o.xtc_threshold <= 1, "xtc_threshold", o.xtc_threshold, "0 to 1");
  check(o.mirostat >= 0 && o.mirostat <= 2, "mirostat", o.mirostat, "0 (none), 1 or 2");
  check(at_least(o.mirostat_tau, 0), "mirostat_tau", o.mirostat_tau, "0 or more");
  check(at_least(o.mirostat_eta, 0), "mirostat_eta", o.mirostat_eta, "0 or more");
}

void check_penalties(Checker& check, const SamplerOptions& o) {
  check(at_least(o.repeat_penalty, 0) && o.repeat_penalty > 0, "repeat_penalty", o.repeat_penalty, "above 0");
  check(std::isfinite(o.frequency_penalty), "frequency_penalty", o.frequency_penalty, "a number");
  check(std::isfinite(o.presence_penalty), "presence_penalty", o.presence_penalty, "a number");
  check(o.penalty_last_n >= -1, "penalty_last_n", o.penalty_last_n, "-1 (all), 0 (none) or more");
  check(at_least(o.dry_multiplier, 0), "dry_multiplier", o.dry_multiplier, "0 (nothing) or more");
  check(at_least(o.dry_base, 1), "dry_base", o.dry_base, "1 or more");
  check(o.dry_allowed_length >= 1, "dry_allowed_length", o.dry_allowed_length, "1 or more");
  check(o.dry_penalty_last_n >= -1, "dry_penalty_last_n", o.dry_penalty_last_n, "-1 (all), 0 (none) or more");
  const bool some = std::ranges::none_of(o.dry_sequence_breakers, [](const std::string& text) { return text.empty(); });
  check(some, "one of dry_sequence_breakers", "\"\"", "a text");
  for (const LogitBias& b : o.logit_bias) {
    check(b.token >= 0, "a token of logit_bias", b.token, "0 or more");
    check(b.bias < HUGE_VALF, "a bias of logit_bias", b.bias, "a number, or -infinity");
  }
}

}  // namespace

Status check_options(const SamplerOptions& options) {
  Checker check;
  check_truncation(check, options);
  check_penalties(check, options);
  return check.status();
}

}  // namespace tritium
