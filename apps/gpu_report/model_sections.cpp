// Whole models with random trits: loading, decoding, a prompt of 512, and where the time goes.
#include <algorithm>
#include <cmath>

#include "base/counter_rng.h"
#include "base/format_text.h"
#include "gpu_report/section.h"
#include "gpu_report/synthetic_model.h"
#include "model/transformer.h"
#include "ops/timed_backend.h"

namespace tritium::gpu_report {
namespace {

constexpr int64_t kPrompt = 512;
constexpr int64_t kDecode = 64;

// One model on the device.
class LoadedShape {
 public:
  LoadedShape(Context& context, Entry& entry, ModelShape shape)
      : context_(context), entry_(entry), shape_(std::move(shape)) {}

  Status measure();

 private:
  int64_t prompt() const { return context_.tiny ? 16 : kPrompt; }
  int64_t layers_that_fit() const;
  Status load(int64_t layers);
  Status load_what_fits();
  // Seconds of a forward pass of `n` tokens at `position` through the first `layers`.
  Result<double> forward_seconds(int64_t n, int64_t position, int64_t layers);
  Result<double> decode_seconds(int64_t position, int64_t layers, const Deadline& deadline);
  Status decode(int64_t position, const std::string& name, const Deadline& deadline);
  Status prefill(const Deadline& deadline);
  Status profile(int64_t n, const std::string& table);
  double extrapolated(double seconds) const;
  void summarise();

  Context& context_;
  Entry& entry_;
  ModelShape shape_;
  std::unique_ptr<Backend> backend_;
  Config config_;
  Weights weights_;
  ForwardState state_;
  std::vector<float> logits_;
  int64_t layers_ = 0;
  double seconds_of_layer_ = 0;   // of a decoded token
  double decode_per_second_ = 0;  // tokens, of the whole model
  double prompt_per_second_ = 0;
  uint64_t draws_ = 0;
};

// By memory, and by the time that their upload may take.
int64_t LoadedShape::layers_that_fit() const {
  const ModelBytes bytes = model_bytes(shape_);
  constexpr double kOfMemory = 0.85, kOfTime = 0.35, kWorkOnHost = 0.5;  // copies beside the upload
  constexpr double kState = 3e8;                                         // activations and caches
  int64_t layers = shape_.layers;
  if (context_.free_bytes > 0) {
    const double room = kOfMemory * static_cast<double>(context_.free_bytes) - static_cast<double>(bytes.fixed) -
                        (context_.tiny ? 0 : kState);
    layers = std::min(layers, static_cast<int64_t>(room / static_cast<double>(bytes.layer)));
  }
  const double speed = 1e9 * kWorkOnHost * (context_.upload_gb_per_second > 0 ? context_.upload_gb_per_second : 1.0);
  const double room = kOfTime * entry_.deadline().left() * speed - static_cast<double>(bytes.fixed);
  return std::min(layers, std::max<int64_t>(1, static_cast<int64_t>(room / static_cast<double>(bytes.layer))));
}

Status LoadedShape::load(int64_t layers) {
  weights_ = {};
  const SyntheticModel model(shape_, layers);
  const Result<CheckedModel> checked = CheckedModel::check(model);
  if (!checked.ok()) return checked.status();
  config_ = checked->config();
  const Deadline deadline = entry_.deadline().part(0.5);
  const auto start = Clock::now();
  Result<Weights> weights = load_weights(*checked, *backend_, [&](double) { return !deadline.over(); });
  if (!weights.ok()) return weights.status();
  weights_ = *std::move(weights);
  layers_ = layers;
  const ModelBytes bytes = model_bytes(shape_);
  const uint64_t loaded = bytes.fixed + static_cast<uint64_t>(layers) * bytes.layer;
  entry_.put("layers_measured", layers);
  entry_.put("layers_of_model", shape_.layers);
  entry_.put("weight_bytes", loaded);
  entry_.put("load_seconds", seconds_since(start));
  entry_.put("load_gb_per_second", static_cast<double>(loaded) / seconds_since(start) / 1e9);
  if (layers < shape_.layers)
    entry_.cut(join("layers measured ", layers, " of ", shape_.layers, ", the rest is extrapolated"));
  const StateOptions options = {.capacity = prompt() + kDecode + 8, .batch = prompt()};
  Result<ForwardState> state = make_state(config_, weights_, *backend_, options);
  if (!state.ok()) return state.status();
  state_ = *std::move(state);
  logits_.resize(static_cast<size_t>(config_.vocab_size));
  return Status();
}

// What is planned may still be too much: estimates of memory and of speed are estimates.
Status LoadedShape::load_what_fits() {
  int64_t layers = layers_that_fit();
  if (layers < 1)
    return error(StatusCode::out_of_memory, "not even one layer fits: ", context_.free_bytes, " bytes are free");
  for (;;) {
    Status status = load(layers);
    const bool too_much = status.code() == StatusCode::out_of_memory || status.code() == StatusCode::cancelled;
    if (status.code() == StatusCode::cancelled && (layers == 1 || entry_.deadline().over()))
      entry_.cut("its share of the time was over before it was loaded");
    if (status.ok() || !too_much || layers == 1 || entry_.deadline().over()) return status;
    layers = std::max<int64_t>(1, layers / 4);
  }
}

Result<double> LoadedShape::forward_seconds(int64_t n, int64_t position, int64_t layers) {
  std::vector<int32_t> tokens;
  for (int64_t i = 0; i < n; ++i)
    tokens.push_back(static_cast<int32_t>(random_bits(7, draws_++) % static_cast<uint64_t>(config_.vocab_size)));
  Config config = config_;
  config.layers.resize(static_cast<size_t>(layers));
  const auto start = Clock::now();
  if (Status s = forward(config, weights_, state_, *backend_, tokens, position, Logits::last, logits_); !s.ok())
    return s;
  return seconds_since(start);
}

// The median of up to kDecode tokens. The first, which compiles and warms up, counts only where there is no time for
// more.
Result<double> LoadedShape::decode_seconds(int64_t position, int64_t layers, const Deadline& deadline) {
  std::vector<double> times;
  for (int64_t i = 0; i < kDecode && (i == 0 || !deadline.over()); ++i) {
    Result<double> time = forward_seconds(1, position + i, layers);
    if (!time.ok()) return time;
    if (i == 1) times.clear();
    times.push_back(*time);
  }
  std::ranges::sort(times);
  return times[times.size() / 2];
}

double LoadedShape::extrapolated(double seconds) const {
  return seconds + seconds_of_layer_ * static_cast<double>(shape_.layers - layers_);
}

Status LoadedShape::decode(int64_t position, const std::string& name, const Deadline& deadline) {
  const Result<double> all = decode_seconds(position, layers_, deadline.part(0.6));
  if (!all.ok()) return all.status();
  // What a layer costs shows in the difference to fewer of them; embedding and head are in both.
  const int64_t fewer = layers_ / 2;
  const Result<double> half = decode_seconds(position, fewer, deadline);
  if (!half.ok()) return half.status();
  seconds_of_layer_ = (*all - *half) / static_cast<double>(layers_ - fewer);
  if (seconds_of_layer_ <= 0) seconds_of_layer_ = *all / static_cast<double>(layers_);  // noise: at most that
  decode_per_second_ = 1.0 / extrapolated(*all);
  const double read = static_cast<double>(bytes_of_token(shape_, layers_)) / *all / 1e9;
  Json row = {{"what", name},
              {"position", position},
              {"measured_ms_a_token", *all * 1e3},
              {"ms_a_layer", seconds_of_layer_ * 1e3},
              {"weights_gb_per_second", read},
              {"tokens_per_second_of_whole_model", decode_per_second_}};
  if (context_.read_gb_per_second > 0) row["of_reading"] = read / context_.read_gb_per_second;
  entry_.add_row("decode", row);
  return Status();
}

// Doubles the prompt as long as twice the time is there, so that a slow device ends with a shorter one.
Status LoadedShape::prefill(const Deadline& deadline) {
  int64_t n = std::min<int64_t>(prompt(), 16);
  for (;;) {
    Result<double> time = forward_seconds(n, 0, layers_);
    if (!time.ok()) return time.status();
    if (*time < deadline.left()) {  // again, warm
      const Result<double> again = forward_seconds(n, 0, layers_);
      if (!again.ok()) return again.status();
      time = std::min(*time, *again);
    }
    const double whole = *time * static_cast<double>(shape_.layers) / static_cast<double>(layers_);
    prompt_per_second_ = static_cast<double>(n) / whole;
    entry_.add_row(
        "prompt",
        {{"tokens", n}, {"measured_seconds", *time}, {"tokens_per_second_of_whole_model", prompt_per_second_}});
    if (n == prompt()) return Status();
    const int64_t next = std::min(prompt(), n * 4);
    const double estimate = *time * static_cast<double>(next) / static_cast<double>(n);
    if (deadline.interrupted() || 2 * estimate > deadline.left()) {
      entry_.cut(
          join("a prompt of ", next, " would take about ", figure(estimate), " s, ", n, " tokens were measured"));
      return Status();
    }
    n = next;
  }
}

Status LoadedShape::profile(int64_t n, const std::string& table) {
  backend_ = make_timed_backend(std::move(backend_));
  if (const Result<double> time = forward_seconds(n, 0, layers_); !time.ok()) return time.status();
  for (const ProfileEntry& t : operation_times(*backend_))
    entry_.add_row(table, {{"operation", t.operation}, {"calls", t.calls}, {"ms", t.seconds * 1e3}});
  return Status();
}

void LoadedShape::summarise() {
  // What is not finite would route every token to the same experts.
  entry_.put("logits_are_finite", std::ranges::all_of(logits_, [](float x) { return std::isfinite(x); }));
  entry_.put("decode_tokens_per_second", decode_per_second_);
  entry_.put("prompt_tokens_per_second", prompt_per_second_);
  entry_.headline(join("decode ", figure(decode_per_second_), " tokens/s, prompt ", figure(prompt_per_second_),
                       " tokens/s", layers_ < shape_.layers ? " (extrapolated)" : ""));
}

Status LoadedShape::measure() {
  if (context_.tiny) {
    shape_ = tiny(shape_);
    entry_.put("note", "software driver: a small model of the same architecture, not this one");
  }
  Result<std::unique_ptr<Backend>> backend = vulkan::make_vulkan_backend(context_.device());
  if (!backend.ok()) return backend.status();
  backend_ = *std::move(backend);
  if (Status s = load_what_fits(); !s.ok()) return s;
  if (Status s = decode(0, "decode at the start", entry_.deadline().part(0.3)); !s.ok()) return s;
  if (Status s = prefill(entry_.deadline().part(0.7)); !s.ok()) return s;
  if (!entry_.deadline().over()) {
    if (Status s = decode(prompt(), "decode after a prompt", entry_.deadline().part(0.4)); !s.ok()) return s;
  } else {
    entry_.cut("no time was left for decoding after the prompt");
  }
  summarise();
  if (!entry_.deadline().over())
    if (Status s = profile(1, "operations_of_a_token"); !s.ok()) return s;
  const int64_t n = std::min<int64_t>(prompt(), 128);
  if (2.0 * static_cast<double>(n) / prompt_per_second_ < entry_.deadline().left())
    if (Status s = profile(n, join("operations_of_a_prompt_of_", n)); !s.ok()) return s;
  return Status();
}

}  // namespace

Status maple_section(Context& context, Entry& entry) { return LoadedShape(context, entry, maple_shape()).measure(); }
Status qwen3_section(Context& context, Entry& entry) { return LoadedShape(context, entry, qwen3_shape()).measure(); }
Status bitnet_section(Context& context, Entry& entry) { return LoadedShape(context, entry, bitnet_shape()).measure(); }

}  // namespace tritium::gpu_report
