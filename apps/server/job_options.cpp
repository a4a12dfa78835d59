// A request's options as those of training, and what training says of its progress.
#include <algorithm>
#include <array>
#include <cmath>

#include "server/jobs.h"

namespace tritium::server {
namespace {

// What names files is this server's to say.
constexpr std::array kOurs = {"model",  "transformer", "tokenizer", "data",      "text",    "valid_data",
                              "folder", "resume",      "output",    "overwrite", "teacher", "seed"};

// A mode is what the parts that it stands for may be, as on the command line.
Json parts_of_mode(const std::string& mode) {
  Json parts = Json::object();
  for (const char* part : {"attention", "feed_forward"}) parts[part] = mode == "ste" ? "ternary" : mode;
  if (mode == "lora" || mode == "lora_qat")
    for (const char* part : {"embedding", "head", "norms", "routers"}) parts[part] = "frozen";
  return parts;
}

std::optional<ApiError> refused(const Json& options) {
  for (const char* key : kOurs)
    if (options.contains(key))
      return invalid("tritium." + std::string(key), "is said by the request itself, or by this server");
  if (const auto chat = options.find("chat_template"); chat != options.end() && *chat != "lines" && *chat != "none")
    return invalid("tritium.chat_template", "must be \"lines\" or \"none\"; without it the model's own is taken");
  if (const auto mode = options.find("mode"); mode != options.end() && !mode->is_string())
    return invalid("tritium.mode", "must be a string");
  return std::nullopt;
}

Json finite(double value) { return std::isfinite(value) ? Json(value) : Json(); }
Json finite(const std::optional<double>& value) { return value ? finite(*value) : Json(); }

// Many of them: as exact as a picture is.
Json four_digits(float share) {
  constexpr double kDigits = 1e4;
  return finite(std::round(double{share} * kDigits) / kDigits);
}

}  // namespace

Outcome<TrainOptions> train_options_of(const FineTuningRequest& request) {
  Json given = request.options;
  if (std::optional<ApiError> error = refused(given)) return *error;
  const bool says_parts = given.contains("attention") || given.contains("feed_forward");
  const std::string mode = given.value("mode", says_parts ? "" : "lora");
  given.erase("mode");
  Json options = mode.empty() ? Json::object() : parts_of_mode(mode);
  options.update(given);
  TrainOptions defaults;
  defaults.batch = request.batch_size;
  Result<TrainOptions> read = train_options_from_json(json_text(options), defaults);
  if (!read.ok()) return error_of(read.status(), "tritium");
  const bool says_how_long = read->steps > 0 || read->epochs > 0 || read->minutes > 0;
  if (request.epochs_given || !says_how_long) read->epochs = static_cast<double>(request.n_epochs);
  if (request.batch_given) read->batch = request.batch_size;
  if (request.seed) read->seed = static_cast<uint32_t>(*request.seed);
  read->learning_rate *= request.learning_rate_multiplier;
  return *std::move(read);
}

std::optional<ApiError> refused_values(const TrainOptions& options) {
  TrainOptions alone = options;
  alone.model = alone.data.front() + "/no model";  // options are looked at first, then what they name
  alone.backend = "cpu";
  const Result<TrainPlan> plan = plan_training(alone);
  if (plan.code() != StatusCode::invalid_argument) return std::nullopt;
  ApiError error = error_of(plan.status(), "tritium");
  const std::string first = error.message.substr(0, error.message.find_first_of(" :"));
  const std::vector<TrainOption> known = train_options();
  if (std::ranges::find(known, first, &TrainOption::key) != known.end()) error.param += "." + first;
  return error;
}

Json progress_json(const TrainProgress& p) {
  Json load = Json::array();
  const auto n = static_cast<size_t>(std::max<int64_t>(p.n_experts, 0));
  for (size_t at = 0; n > 0 && at + n <= p.expert_load.size(); at += n) {
    Json layer = Json::array();
    for (size_t i = 0; i < n; ++i) layer.push_back(four_digits(p.expert_load[at + i]));
    load.push_back(std::move(layer));
  }
  return {{"step", p.step},
          {"steps", p.steps},
          {"train_loss", finite(p.train_loss)},
          {"valid_loss", finite(p.valid_loss)},
          {"bits_per_byte", finite(p.bits_per_byte)},
          {"learning_rate", finite(p.learning_rate)},
          {"gradient_norm", finite(p.gradient_norm)},
          {"tokens_per_second", finite(p.tokens_per_second)},
          {"seconds", finite(p.seconds)},
          {"seconds_left", finite(p.seconds_left)},
          {"flipped_percent", finite(p.flipped_percent)},
          {"zero_percent", finite(p.zero_percent)},
          {"router_entropy", finite(p.router_entropy)},
          {"expert_load", std::move(load)}};
}

}  // namespace tritium::server
