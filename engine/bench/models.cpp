// Whole models made in memory: tokens one by one, those of several sessions together, and a prompt.
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
constexpr int64_t kSessions = 8;

// A model and a conversation with it for each lane.
class LoadedModel {
 public:
  // `capacity`: tokens that its caches hold, of each of `sequences`.
  static Result<std::shared_ptr<LoadedModel>> load(const ModelShape& shape, int64_t capacity, int64_t sequences,
                                                   std::span<Lane> lanes);

  TokenWork work() const { return token_work(config_, weights_); }
  // Of the keys and values of so many tokens.
  double cache_bytes(int64_t tokens) const;
  // Of a token, the median of some that follow each other from `position` on.
  Result<double> decode_seconds(Lane& lane, int64_t position);
  // Of a token of each of kSessions sequences by one pass, likewise from their beginning on.
  Result<double> together_seconds(Lane& lane);
  Result<double> prompt_seconds(Lane& lane);

 private:
  ForwardState& state_of(const Lane& lane) {
    return std::ranges::find(states_, lane.threads, &std::pair<int, ForwardState>::first)->second;
  }
  Result<double> pass_seconds(Lane& lane, std::span<const int32_t> tokens, int64_t position, bool last = true);

  Config config_;
  Weights weights_;
  std::vector<std::pair<int, ForwardState>> states_;  // by the lane's threads
  std::vector<int32_t> tokens_;                       // random ones: their experts are no habit
};

Result<std::shared_ptr<LoadedModel>> LoadedModel::load(const ModelShape& shape, int64_t capacity, int64_t sequences,
                                                       std::span<Lane> lanes) {
  const MadeModel made(shape);
  const Result<CheckedModel> checked = CheckedModel::check(made);
  if (!checked.ok()) return checked.status();
  auto model = std::make_shared<LoadedModel>();
  model->config_ = checked->config();
  Result<Weights> weights = load_weights(*checked, *lanes.front().backend, {});
  if (!weights.ok()) return weights.status();
  model->weights_ = *std::move(weights);
  for (Lane& lane : lanes) {
    const StateOptions options = {
        .capacity = capacity, .sequences = sequences, .batch = std::min(kPrompt, lane.backend->prompt_batch())};
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
  ForwardState& state = state_of(lane);
  Backend& backend = *lane.backend;
  const auto start = std::chrono::steady_clock::now();
  int32_t best = 0;
  const Status status = last ? forward_greedy(config_, weights_, state, backend, tokens, position, std::span(&best, 1))
                             : forward(config_, weights_, state, backend, tokens, position, Logits::none, {});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!status.ok()) return status;
  if (best < 0) return error(StatusCode::internal, "the logits of a model that was made are not finite");
  return seconds;
}

double LoadedModel::cache_bytes(int64_t tokens) const {
  double bytes = 0;
  for (const KvCache& cache : states_.front().second.caches)
    for (const Tensor* tensor : {&cache.k, &cache.v, &cache.k_scales, &cache.v_scales})
      if (*tensor) bytes += static_cast<double>(tensor->bytes()) / static_cast<double>(tensor->shape[0]);
  return bytes * static_cast<double>(tokens);
}

Result<double> LoadedModel::decode_seconds(Lane& lane, int64_t position) {
  std::vector<double> times;
  for (int64_t i = 0; i < kDecoded; ++i) {
    Result<double> time = pass_seconds(lane, std::span(tokens_).subspan(static_cast<size_t>(i), 1), position + i);
    if (!time.ok()) return time;
    times.push_back(*time);
  }
  return median(std::move(times));
}

Result<double> LoadedModel::together_seconds(Lane& lane) {
  std::vector<float> logits(static_cast<size_t>(kSessions * config_.vocab_size));
  std::vector<double> times;
  for (int64_t i = 0; i < kDecoded; ++i) {
    std::vector<TokenPosition> at;
    for (int64_t s = 0; s < kSessions; ++s) at.emplace_back(i, s);
    const auto tokens = std::span(tokens_).subspan(static_cast<size_t>(i * kSessions), kSessions);
    const auto start = std::chrono::steady_clock::now();
    const Status status = forward_together(config_, weights_, state_of(lane), *lane.backend, tokens, at, logits);
    times.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    if (!status.ok()) return status;
  }
  return median(std::move(times));
}

Result<double> LoadedModel::prompt_seconds(Lane& lane) {
  const auto batch = static_cast<size_t>(lane.backend->prompt_batch());
  double seconds = 0;
  for (size_t at = 0; at < tokens_.size(); at += batch) {
    const auto part = std::span(tokens_).subspan(at, std::min(batch, tokens_.size() - at));
    Result<double> time = pass_seconds(lane, part, static_cast<int64_t>(at), at + batch >= tokens_.size());
    if (!time.ok()) return time;
    seconds += *time;
  }
  return seconds;
}

Work decode_work(const LoadedModel& model, double cache_bytes) {
  const TokenWork token = model.work();
  return {.bytes = static_cast<double>(token.weight_bytes) + cache_bytes,
          .tokens = 1,
          .read_again = token.model_bytes + static_cast<uint64_t>(cache_bytes),
          .against = Against::reading};
}

Result<std::vector<Row>> make_model(std::span<Lane> lanes, const ModelShape& shape, const std::vector<RowName>& names) {
  const Result<std::shared_ptr<LoadedModel>> loaded = LoadedModel::load(shape, kPrompt, kSessions, lanes);
  if (!loaded.ok()) return loaded.status();
  const std::shared_ptr<LoadedModel>& model = *loaded;
  const Work prompt = {.operations = static_cast<double>(model->work().ternary_operations) * kPrompt,
                       .tokens = kPrompt,
                       .against = Against::int8_products};
  const auto decode = [model](Lane& lane) { return model->decode_seconds(lane, 0); };
  // The weights of a token: where those of the sessions differ, as experts do, more is read.
  const Work together = {.bytes = decode_work(*model, 0).bytes,
                         .operations = static_cast<double>(model->work().ternary_operations) * kSessions,
                         .tokens = kSessions,
                         .read_again = decode_work(*model, 0).read_again};
  return std::vector<Row>{{names[0], decode_work(*model, 0), decode},
                          {names[1], together, [model](Lane& lane) { return model->together_seconds(lane); }},
                          {names[2], prompt, [model](Lane& lane) { return model->prompt_seconds(lane); }}};
}

// Tokens after long contexts. What the caches hold does not matter to the time.
constexpr int64_t kContexts[] = {4096, 32768};

Result<std::vector<Row>> make_contexts(std::span<Lane> lanes, const ModelShape& shape,
                                       const std::vector<RowName>& names) {
  const Result<std::shared_ptr<LoadedModel>> loaded = LoadedModel::load(shape, kContexts[1] + kDecoded, 1, lanes);
  if (!loaded.ok()) return loaded.status();
  const std::shared_ptr<LoadedModel>& model = *loaded;
  std::vector<Row> rows;
  for (size_t i = 0; i < names.size(); ++i)
    rows.push_back({names[i], decode_work(*model, model->cache_bytes(kContexts[i])),
                    [=](Lane& lane) { return model->decode_seconds(lane, kContexts[i]); }});
  return rows;
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
    family.rows = {{family.name + "/decode", 1},
                   {join(family.name, "/decode of ", kSessions, " sessions"), kSessions},
                   {join(family.name, "/prompt=", kPrompt), kPrompt}};
    family.make = [shape, names = family.rows](std::span<Lane> lanes) { return make_model(lanes, shape, names); };
    families.push_back(std::move(family));
  }
  const ModelShape& small = bench_models().front();
  const auto caches = static_cast<uint64_t>(2 * small.layers * small.kv_heads * small.head_dim * 4 * kContexts[1]);
  Family contexts = {.name = join("model/", small.name, "/contexts"),
                     .rows = {},
                     .bytes = bytes_of(small) + 2 * caches,  // for two numbers of threads
                     .make = {}};
  for (const int64_t keys : kContexts) contexts.rows.push_back({join("model/", small.name, "/decode after ", keys), 1});
  contexts.make = [small, names = contexts.rows](std::span<Lane> lanes) { return make_contexts(lanes, small, names); };
  families.push_back(std::move(contexts));
}

}  // namespace tritium::bench
