// Whole models made in memory: tokens one by one, and a prompt.
#include <chrono>

#include "base/counter_rng.h"
#include "base/format_text.h"
#include "bench/made_model.h"
#include "bench/median.h"
#include "bench/rows.h"
#include "model/token_work.h"
#include "model/transformer.h"

namespace tritium::bench {
namespace {

constexpr int64_t kPrompt = 512;
constexpr int64_t kDecoded = 16;  // tokens of a round

// A model and a conversation with it for each lane.
class LoadedModel {
 public:
  static Result<std::shared_ptr<LoadedModel>> load(const ModelShape& shape, std::span<Lane> lanes);

  TokenWork work() const { return token_work(config_, weights_); }
  // Of a token, the median of some that follow each other from the start of the context on.
  Result<double> decode_seconds(Lane& lane);
  Result<double> prompt_seconds(Lane& lane);

 private:
  Result<double> pass_seconds(Lane& lane, std::span<const int32_t> tokens, int64_t position, bool last = true);

  Config config_;
  Weights weights_;
  std::vector<std::pair<int, ForwardState>> states_;  // by the lane's threads
  std::vector<int32_t> tokens_;                       // random ones: their experts are no habit
};

Result<std::shared_ptr<LoadedModel>> LoadedModel::load(const ModelShape& shape, std::span<Lane> lanes) {
  const MadeModel made(shape);
  const Result<CheckedModel> checked = CheckedModel::check(made);
  if (!checked.ok()) return checked.status();
  auto model = std::make_shared<LoadedModel>();
  model->config_ = checked->config();
  Result<Weights> weights = load_weights(*checked, *lanes.front().backend, {});
  if (!weights.ok()) return weights.status();
  model->weights_ = *std::move(weights);
  for (Lane& lane : lanes) {
    const StateOptions options = {.capacity = kPrompt, .batch = std::min(kPrompt, lane.backend->prompt_batch())};
    Result<ForwardState> state = make_state(model->config_, model->weights_, *lane.backend, options);
    if (!state.ok()) return state.status();
    model->states_.emplace_back(lane.threads, *std::move(state));
  }
  for (uint64_t i = 0; i < kPrompt; ++i)
    model->tokens_.push_back(static_cast<int32_t>(random_bits(7, i) % static_cast<uint64_t>(shape.vocabulary)));
  return model;
}

// A batch of a prompt that is not the last one has no use for its logits.
Result<double> LoadedModel::pass_seconds(Lane& lane, std::span<const int32_t> tokens, int64_t position, bool last) {
  ForwardState& state = std::ranges::find(states_, lane.threads, &std::pair<int, ForwardState>::first)->second;
  Backend& backend = *lane.backend;
  const auto start = std::chrono::steady_clock::now();
  Result<int32_t> best = 0;
  if (last) {
    best = forward_greedy(config_, weights_, state, backend, tokens, position);
  } else if (Status s = forward(config_, weights_, state, backend, tokens, position, Logits::none, {}); !s.ok()) {
    return s;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!best.ok()) return best.status();
  if (*best < 0) return error(StatusCode::internal, "the logits of a model that was made are not finite");
  return seconds;
}

Result<double> LoadedModel::decode_seconds(Lane& lane) {
  std::vector<double> times;
  for (int64_t i = 0; i < kDecoded; ++i) {
    const Result<double> time = pass_seconds(lane, std::span(tokens_).subspan(static_cast<size_t>(i), 1), i);
    if (!time.ok()) return time;
    times.push_back(*time);
  }
  return median(std::move(times));
}

Result<double> LoadedModel::prompt_seconds(Lane& lane) {
  const auto batch = static_cast<size_t>(lane.backend->prompt_batch());
  double seconds = 0;
  for (size_t at = 0; at < tokens_.size(); at += batch) {
    const auto part = std::span(tokens_).subspan(at, std::min(batch, tokens_.size() - at));
    const Result<double> time = pass_seconds(lane, part, static_cast<int64_t>(at), at + batch >= tokens_.size());
    if (!time.ok()) return time;
    seconds += *time;
  }
  return seconds;
}

Result<std::vector<Row>> make_model(std::span<Lane> lanes, const ModelShape& shape, const std::vector<RowName>& names) {
  const Result<std::shared_ptr<LoadedModel>> loaded = LoadedModel::load(shape, lanes);
  if (!loaded.ok()) return loaded.status();
  const std::shared_ptr<LoadedModel> model = *loaded;
  const TokenWork token = model->work();
  const Work decode = {.bytes = static_cast<double>(token.weight_bytes),
                       .tokens = 1,
                       .read_again = token.model_bytes,
                       .against = Against::reading};
  const Work prompt = {.operations = static_cast<double>(token.ternary_operations) * kPrompt,
                       .tokens = kPrompt,
                       .against = Against::int8_products};
  return std::vector<Row>{{names[0], decode, [model](Lane& lane) { return model->decode_seconds(lane); }},
                          {names[1], prompt, [model](Lane& lane) { return model->prompt_seconds(lane); }}};
}

// Weights, and what a pass keeps beside them.
uint64_t bytes_of(const ModelShape& shape) {
  uint64_t bytes = uint64_t{512} << 20;
  const MadeModel model(shape);
  for (const TensorInfo& info : model.tensors()) bytes += info.bytes;
  return bytes;
}

}  // namespace

void add_models(std::vector<Family>& families) {
  for (const ModelShape& shape : bench_models()) {
    Family family = {.name = "model/" + shape.name, .rows = {}, .bytes = bytes_of(shape), .make = {}};
    family.rows = {{family.name + "/decode", 1}, {join(family.name, "/prompt=", kPrompt), kPrompt}};
    family.make = [shape, names = family.rows](std::span<Lane> lanes) { return make_model(lanes, shape, names); };
    families.push_back(std::move(family));
  }
}

}  // namespace tritium::bench
