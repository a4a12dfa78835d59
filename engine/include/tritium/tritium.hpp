// tritium: loads a ternary mixture-of-experts language model and runs it on the CPU or through Vulkan.
//
//   auto runtime = tritium::Runtime::create({.backend = "auto"});
//   auto model = runtime->load("model.gguf");
//   auto session = model->create_session();
//   auto prompt = model->tokenize("Once upon a time");
//   session->generate(*prompt, {.max_tokens = 60}, [](const tritium::GeneratedToken& t) { std::cout << t.text; return
//   true; });
//
// Runtime -> Model (immutable, shareable) -> Session (own KV cache) -> Sampler. Every handle keeps alive what it needs,
// so they may be destroyed in any order. Nothing here throws, aborts, prints or exits: calls that can fail return
// Result or Status, whose message says what was wrong, where, and what to do.
//
// Threads: Runtime and Model may be used from any number of threads at once; a Session from one thread at a time.
// Sessions of one Runtime take turns on its device. Callbacks run on the calling thread and must not throw.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tritium/log.hpp"
#include "tritium/status.hpp"

namespace tritium {

// "0.1.0"
std::string version();

// ---- devices ----------------------------------------------------------------------------------------------------

struct DeviceInfo {
  std::string backend;      // what RuntimeOptions::backend takes: "reference", "cpu", "vulkan:0"
  std::string description;  // the device's own name
  std::string driver;       // Vulkan: driver name and version; cpu: instruction set in use
  bool available = false;
  std::string reason;     // why it is not available
  bool software = false;  // a Vulkan driver that runs on the CPU: never chosen by `auto`
  bool chosen_by_auto = false;
  uint64_t memory_bytes = 0;          // 0: unknown
  std::vector<std::string> features;  // those that matter for speed, in words
};

// Every backend and device, also those that cannot be used. Takes the time of opening the Vulkan loader.
// Empty where memory ends.
std::vector<DeviceInfo> list_devices();

// ---- selftest ---------------------------------------------------------------------------------------------------

struct OperationReport {
  std::string operation;
  int cases = 0;
  double worst_error = 0;  // largest |difference| / largest |expected|, of the output that came nearest to its bound
  double bound = 0;        // what is allowed there; 0: bit-identical
  std::string worst_case;  // the shape that gave it
  std::string failure;     // empty: all cases within the bound
};

struct SelftestReport {
  std::string backend;
  std::vector<OperationReport> operations;
  bool passed() const {
    for (const OperationReport& op : operations)
      if (!op.failure.empty()) return false;
    return !operations.empty();
  }
};

// Runs every operation of a backend against the reference over many shapes. Fails only when the backend cannot be made.
Result<SelftestReport> selftest(const std::string& backend, const LogSink& log = {});

// ---- models -----------------------------------------------------------------------------------------------------

struct ModelTensor {
  std::string name;
  std::string type;            // as in the file: "TQ2_0"
  std::vector<int64_t> shape;  // outermost first
  uint64_t bytes = 0;
};

struct MemoryEstimate {
  std::string backend;
  uint64_t weight_bytes = 0;
  uint64_t kv_bytes_per_token = 0;
  uint64_t work_bytes = 0;  // activations of one session
};

struct ModelInfo {
  std::string path;
  std::string architecture;  // "maple"
  std::string name;
  int64_t vocab_size = 0;
  int64_t dim = 0;
  int64_t n_layers = 0;
  int64_t n_heads = 0;
  int64_t n_kv_heads = 0;
  int64_t head_dim = 0;
  int64_t n_experts = 0;  // 0: dense
  int64_t n_experts_used = 0;
  int64_t context_length = 0;
  uint64_t parameters = 0;
  uint64_t active_parameters = 0;  // that one token uses
  uint64_t ternary_parameters = 0;
  bool has_tokenizer = false;
  std::string tokenizer_problem;  // why not, when the file has one that is not supported
  std::vector<ModelTensor> tensors;
  std::vector<MemoryEstimate> memory;
};

// Reads a model file's header and checks it against its architecture, without loading weights.
Result<ModelInfo> inspect_model(const std::string& path);

enum class Activations {
  int8,        // quantised per token, as ternary models are trained
  int8_block,  // quantised per block of 256 values
  f32,         // not quantised
};

struct SessionOptions {
  int64_t context = 0;  // tokens the KV cache holds; 0: the model's context length, at most 4096
  Activations activations = Activations::int8;
  int64_t batch = 128;  // tokens evaluated at once at most: memory against speed of long prompts
};

struct SamplerOptions {
  float temperature = 0.8f;  // 0: always the most probable token
  int64_t top_k = 40;        // keep the k most probable; 0: all
  float top_p = 0.95f;       // then the fewest whose probabilities sum to top_p; 1: all
  float min_p = 0.05f;       // then those at least min_p times as probable as the best; 0: all
  uint64_t seed = 0;         // same seed, same tokens (on one device)
};

// Draws tokens from logits. Copyable; owns its random state.
class Sampler {
 public:
  // Values outside their ranges are an error: temperature >= 0, 0 < top_p <= 1, 0 <= min_p < 1, top_k >= 0.
  static Result<Sampler> create(const SamplerOptions& options);
  // A token id. `logits` is [vocab] and not empty; ties go to the lowest id. Where memory ends: the most probable.
  int32_t sample(std::span<const float> logits);

 private:
  explicit Sampler(const SamplerOptions& options) : options_(options) {}
  SamplerOptions options_;
  uint64_t draws_ = 0;
};

struct GenerateOptions {
  int64_t max_tokens = 128;
  SamplerOptions sampler{};
  bool stop_at_end = true;  // stop at the model's end-of-text token, which is not part of the result
};

struct GeneratedToken {
  int32_t id = 0;
  std::string_view text;  // whole UTF-8 that became complete with this token; may be empty. Empty without a tokenizer
};

enum class StopReason { end_of_text, max_tokens, context_full, cancelled };

struct Generation {
  std::vector<int32_t> tokens;
  StopReason stop = StopReason::max_tokens;
  int64_t prompt_tokens = 0;
  double seconds_to_first_token = 0;  // prompt evaluation and the first sample
  double seconds = 0;                 // all
  double tokens_per_second = 0;       // of the tokens after the first; 0 when there are none
};

// One conversation: a position and a KV cache on the runtime's device.
class Session {
 public:
  struct State;  // the library's own

  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  // Appends tokens; returns the logits [vocab] after the last one, valid until the next call. Fails without changing
  // the position when a token is out of range or the context is full.
  Result<std::span<const float>> evaluate(std::span<const int32_t> tokens);
  // The same, with the logits after every token: [tokens, vocab].
  Result<std::vector<float>> evaluate_all(std::span<const int32_t> tokens);

  // Evaluates the prompt (at least one token, unless something was evaluated before) and samples. `on_token` is called
  // for each new token; returning false ends the generation with StopReason::cancelled.
  Result<Generation> generate(std::span<const int32_t> prompt, const GenerateOptions& options,
                              const std::function<bool(const GeneratedToken&)>& on_token = {});

  int64_t position() const;
  int64_t context() const;
  // Forgets everything after `position` (0: all). `position` must not lie ahead.
  Status rewind(int64_t position);

 private:
  friend class Model;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct EvaluationOptions {
  int64_t window = 0;  // tokens of context at most; 0: the model's context length, at most 4096
  int64_t stride = 0;  // tokens scored for each window; 0: half the window
  Activations activations = Activations::int8;
  std::function<bool(double fraction)> progress{};  // returning false cancels
};

struct Evaluation {
  double nll = 0;  // nats per scored token
  double perplexity = 0;
  double bits_per_byte = 0;
  int64_t tokens = 0;  // scored: all but the first, each exactly once
  int64_t bytes = 0;   // of the text
};

struct LoadOptions {
  // Called while weights move to the device; returning false cancels.
  std::function<bool(double fraction)> progress{};
  // I2_S files whose codes are interleaved 64 per 16 bytes (Arm builds) instead of 128 per 32. They carry no mark.
  bool i2s_interleave_64 = false;
  // A GGUF file of LoRA adapters for this model, used beside its weights; empty: none.
  std::string adapter;
  double adapter_strength = 1.0;  // what they add is multiplied by this
};

// Weights on a device. A handle: copies share the model.
class Model {
 public:
  struct State;  // the library's own

  const ModelInfo& info() const;
  Result<Session> create_session(const SessionOptions& options = {}) const;

  // Text to token ids, with the model's beginning-of-text token first when it wants one. Fails without a tokenizer.
  Result<std::vector<int32_t>> tokenize(std::string_view text) const;
  Result<std::string> detokenize(std::span<const int32_t> tokens) const;
  int32_t begin_of_text() const;  // -1: none
  int32_t end_of_text() const;    // -1: none

  // Mean negative log-likelihood of a text by sliding windows: every token but the first is scored exactly once, with
  // as much left context as window and stride give.
  Result<Evaluation> evaluate(std::string_view text, const EvaluationOptions& options = {}) const;

 private:
  friend class Runtime;
  explicit Model(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

struct RuntimeOptions {
  std::string backend = "auto";  // auto: a real GPU, else the CPU | reference | cpu | vulkan | vulkan:INDEX
  int threads = 0;               // cpu: 0 takes all cores the process may use; at most 1024
  LogSink log{};

  // For kernel engineers. compare_with: run this backend beside, operation by operation, and stop at the first result
  // outside its bound, leaving both tensors as .npy files in compare_dump_dir.
  std::string compare_with{};
  std::string compare_dump_dir = ".";
  // Vulkan: write a RenderDoc capture of the first single-token evaluation to this file.
  std::string capture_file{};
};

// Writes values as NumPy's .npy (float32, row-major), atomically. io_error says what the system refused.
Status write_npy(const std::string& path, std::span<const float> values, std::span<const int64_t> shape);

// A device, opened. A handle: copies share it.
class Runtime {
 public:
  struct State;  // the library's own

  // `auto` falls back to the CPU and says why in the log; a backend asked for by name that is not there is an error.
  static Result<Runtime> create(const RuntimeOptions& options = {});
  const std::string& backend() const;  // "cpu", "vulkan:0"
  Result<Model> load(const std::string& path, const LoadOptions& options = {}) const;

 private:
  explicit Runtime(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace tritium
