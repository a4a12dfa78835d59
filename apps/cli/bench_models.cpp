// Speed of model files: tokens a second of a prompt and after it, on any backend.
#include "cli/bench_models.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/model_options.h"
#include "cli/print_json.h"
#include "cli/system.h"
#include "cli/terminal.h"
#include "tritium/bench.hpp"

namespace tritium::cli {
namespace {

using nlohmann::json;

struct Speed {
  double prompt_tokens_per_second = 0;
  double decode_tokens_per_second = 0;
};

double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct Lengths {
  int64_t prompt = 0, decode = 0;  // tokens
};

// What is asked for, or what is usual and fits.
Lengths lengths_of(const ModelInfo& info, const ModelBench& options) {
  constexpr int64_t kPrompt = 128, kDecode = 64;
  Lengths lengths = {options.prompt, options.decode};
  if (lengths.decode == 0)
    lengths.decode = std::clamp<int64_t>(info.context_length - std::max<int64_t>(lengths.prompt, 1), 1, kDecode);
  if (lengths.prompt == 0) lengths.prompt = std::clamp<int64_t>(info.context_length - lengths.decode, 1, kPrompt);
  return lengths;
}

// The best of some repeats: on a shared machine everything else is somebody else's time.
Result<Speed> measure(const Model& model, const ModelBench& options) {
  const ModelInfo& info = model.info();
  if (info.context_length < 2)
    return Status(StatusCode::unsupported, info.path + ": a context of one token leaves nothing to measure");
  const Lengths lengths = lengths_of(info, options);
  const int64_t n_prompt = lengths.prompt, context = lengths.prompt + lengths.decode;
  if (context > info.context_length)
    return Status(StatusCode::invalid_argument,
                  info.path + ": a prompt of " + std::to_string(lengths.prompt) + " and " +
                      std::to_string(lengths.decode) + " further tokens are more than the model's context of " +
                      std::to_string(info.context_length) + "; --prompt and --decode say how many");
  Result<Session> session = model.create_session({.context = context,
                                                  .activations = options.activations,
                                                  .kv = options.kv,
                                                  .batch = options.batch,
                                                  .keep_going = keep_going});
  if (!session.ok()) return session.status();
  std::vector<int32_t> prompt;
  for (int64_t i = 0; i < n_prompt; ++i) prompt.push_back(static_cast<int32_t>((i * 7 + 1) % info.vocab_size));
  Speed best;
  Status status;
  for (int r = 0; r <= options.repeats && status.ok(); ++r) {
    status = session->rewind(0);
    const double prompt_time = seconds([&] {
      if (status.ok()) status = session->evaluate(prompt, keep_going).status();
    });
    const double decode_time = seconds([&] {
      for (int64_t i = n_prompt; i < context && status.ok(); ++i)
        status = session->evaluate(std::span(prompt).first(1), keep_going).status();
    });
    if (r == 0) continue;  // warms caches and pipelines
    best.prompt_tokens_per_second =
        std::max(best.prompt_tokens_per_second, static_cast<double>(n_prompt) / prompt_time);
    best.decode_tokens_per_second =
        std::max(best.decode_tokens_per_second, static_cast<double>(context - n_prompt) / decode_time);
  }
  if (!status.ok()) return status;
  return best;
}

// Bytes a token * tokens/s over what reading gives: of the CPU, whose limits are known.
struct ModelLimits {
  double read_gb_s = 0;
  double dot_gop_s = 0;
};
Result<ModelLimits> limits_of(const ModelInfo& info, int threads) {
  const Result<std::vector<MachineLimit>> limits = machine_limits(threads, keep_going);
  if (!limits.ok()) return limits.status();
  uint64_t weights = 0;
  for (const MemoryEstimate& memory : info.memory) weights = std::max(weights, memory.weight_bytes);
  return ModelLimits{read_limit(*limits, weights), peak_limit(*limits, "int8 dot")};
}

// null: not known.
json fraction(double amount_a_token, double tokens_per_second, double limit) {
  return limit > 0 ? json(amount_a_token * tokens_per_second * 1e-9 / limit) : json();
}

json row_of(const std::string& path, const ModelBench& options, const LoadedModel& loaded, int threads,
            const Speed& speed, const ModelLimits& limits) {
  const ModelInfo& info = loaded.model.info();
  const Lengths lengths = lengths_of(info, options);
  const auto bytes = static_cast<double>(info.token_weight_bytes);
  const double operations = 2.0 * static_cast<double>(info.active_ternary_parameters);
  return {{"model", path},
          {"backend", loaded.runtime.backend()},
          {"threads", threads},
          {"prompt", lengths.prompt},
          {"decode", lengths.decode},
          {"prompt_tokens_per_second", speed.prompt_tokens_per_second},
          {"decode_tokens_per_second", speed.decode_tokens_per_second},
          {"bytes_a_token", info.token_weight_bytes},
          {"prompt_fraction_of_limit", fraction(operations, speed.prompt_tokens_per_second, limits.dot_gop_s)},
          {"fraction_of_limit", fraction(bytes, speed.decode_tokens_per_second, limits.read_gb_s)}};
}

std::string text_of(const json& fraction) {
  char text[16] = "-";
  if (fraction.is_number()) std::snprintf(text, sizeof text, "%.2f", fraction.get<double>());
  return text;
}

}  // namespace

int bench_models(const ModelBench& options) {
  catch_interrupt();
  json results = json::array();
  for (const std::string& path : options.models)
    for (const int threads : options.threads) {
      double first = 0;
      for (const std::string& backend : options.backends) {
        ModelOptions model;
        model.model = path;
        model.runtime.backend = backend;
        model.runtime.threads = threads;
        model.runtime.layout = options.layout;
        const Result<LoadedModel> loaded = load(model);
        const Result<Speed> speed = loaded.ok() ? measure(loaded->model, options) : loaded.status();
        if (!speed.ok() && options.json) print_json(results);  // what was measured
        if (!speed.ok()) return report(speed.status());
        ModelLimits limits;
        if (loaded->runtime.backend() == "cpu") {
          const Result<ModelLimits> measured = limits_of(loaded->model.info(), threads);
          if (!measured.ok() && options.json) print_json(results);
          if (!measured.ok()) return report(measured.status());
          limits = *measured;
        }
        if (first == 0) first = speed->decode_tokens_per_second;
        const double ratio = speed->decode_tokens_per_second / first;
        json row = row_of(path, options, *loaded, threads, *speed, limits);
        row["decode_ratio_to_first_backend"] = ratio;
        if (!options.json)
          print_format("%-40s %-10s prompt %9.1f tokens/s %5s   decode %8.1f tokens/s %5s   x%.2f\n",
                       file_name_of(path).c_str(), loaded->runtime.backend().c_str(), speed->prompt_tokens_per_second,
                       text_of(row["prompt_fraction_of_limit"]).c_str(), speed->decode_tokens_per_second,
                       text_of(row["fraction_of_limit"]).c_str(), ratio);
        results.push_back(std::move(row));
      }
    }
  if (options.json) print_json(results);
  return kOk;
}

}  // namespace tritium::cli
