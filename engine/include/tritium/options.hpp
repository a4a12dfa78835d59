// What an application may choose: plain data with defaults, named where it is passed ({.backend = "cpu"}).
// Calls check what they are given: values outside their ranges are StatusCode::invalid_argument.
//
// `keep_going`, where a call has one, is asked by the thread of the call, up to a thousand times a second, on every
// backend, in the middle of operations too: it should read an atomic flag and not throw. false: the call ends soon,
// with StatusCode::cancelled, and nothing is changed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tritium/log.hpp"

namespace tritium {

// How the CPU keeps trits in memory. Results are the same to the bit.
enum class WeightLayout {
  automatic,  // base3 for large weights where a measurement finds it faster
  two_bit,    // 2 bits a trit: faster from the caches and for prompts
  base3,      // 1.6 bits a trit: a fifth less to read for each token. `unsupported` without AVX-512 VBMI
};

// For Runtime::create(). What kernel engineers add is in debug.hpp.
struct RuntimeOptions {
  std::string backend = "auto";  // auto: a real GPU, else the CPU | reference | cpu | vulkan | vulkan:INDEX
  int threads = 0;               // cpu: 0 takes all physical cores the process may use; at most 1024
  bool pin = false;              // cpu: its threads, but not the caller's, stay on a processor each
  WeightLayout layout = WeightLayout::automatic;
  LogSink log{};
};

// For Runtime::load().
struct LoadOptions {
  // Called while weights move to the device; returning false cancels.
  std::function<bool(double fraction)> progress{};
  // I2_S files whose codes are interleaved 64 per 16 bytes (Arm builds) instead of 128 per 32. They carry no mark.
  bool i2s_interleave_64 = false;
  // A GGUF file of LoRA adapters for this model, beside its weights in sessions that take no other; empty: none.
  std::string adapter;
  double adapter_strength = 1.0;  // what they add is multiplied by this
  // How a byte-level vocabulary splits text, instead of what the file says: "llama-bpe", "qwen2". Model::tokenize()
  // without it fails where the file names a way that is not known here; the message says which ones are.
  std::string tokenizer_pre;
  // Where the weights are kept as the backend wants them, so that the next process maps them instead of decoding the
  // model's files, and shares the memory: empty: nowhere; "auto": beside the model, or where that cannot be written in
  // the user's cache folder ($XDG_CACHE_HOME/tritium, ~/.cache/tritium); else a folder. It takes as much room on the
  // disk as the weights in memory. A cache that is damaged, or older than the model, is replaced; one that cannot be
  // written is a warning in the log. What is mapped must not be changed in place meanwhile; removing it is harmless.
  std::string cache;
  std::function<bool()> keep_going{};
};

enum class Activations {
  int8,        // quantised per token, as ternary models are trained
  int8_block,  // quantised per block of 256 values
  f32,         // not quantised
};

// What keys and values of earlier tokens are kept as. Heads whose size does not fit whole words stay f32.
enum class KvCacheType {
  f16,   // half the memory of f32; what is beyond its range, 65504, is that
  int8,  // a quarter: codes with a scale for each head of each token
  f32,   // as they are computed
};

// For Model::create_session().
struct SessionOptions {
  int64_t context = 0;  // tokens the KV cache holds; 0: the model's context length, at most 4096
  Activations activations = Activations::int8;
  KvCacheType kv = KvCacheType::f16;
  int64_t batch = 0;  // tokens evaluated at once at most: memory against speed of long prompts; 0: the backend's choice
  std::function<bool()> keep_going{};  // asked while memory is made ready, seconds for a long context; false cancels
};

// Added to the logit of a token; -infinity forbids it.
struct LogitBias {
  int32_t token = 0;
  float bias = 0;
};

inline constexpr uint64_t kRandomSeed = UINT64_MAX;  // -1: one is drawn from the system

// How a token is drawn, in this order, each step on what those before it left:
//   1. logit_bias is added; repeat_penalty, then frequency_penalty and presence_penalty, then DRY lower the logits of
//      what the text has already;
//   2. top_n_sigma, top_k: by logits;
//   3. temperature makes probabilities of them;
//   4. typical_p, top_p, min_p, XTC: by probabilities;
//   5. one of the rest is drawn, by probability.
// That is llama.cpp's default order, but that temperature, the last one there, comes before what goes by probabilities:
// those are the ones that are drawn by. With mirostat 2. and 4. do not apply; at temperature 0 nothing after 1. does.
struct SamplerOptions {
  float temperature = 0.8f;  // 0: always the most probable token
  int64_t top_k = 40;        // keep the k most probable; 0: all
  float top_p = 0.95f;       // then the fewest whose probabilities sum to top_p; 1: all
  float min_p = 0.05f;       // then those at least min_p times as probable as the best; 0: all
  uint64_t seed = 0;         // same seed, same tokens (on one device); kRandomSeed: another one each time

  // The fewest whose probabilities sum to typical_p, those first whose surprise, -log p, is nearest to the entropy
  // (locally typical sampling; Meister et al. 2022); 1: all.
  float typical_p = 1;
  // Those whose logits are at most so many standard deviations of all logits below the largest (Tang et al. 2024); 0:
  // all.
  float top_n_sigma = 0;
  // With this chance leave out those whose probabilities are xtc_threshold at least, but for the least of them
  // (exclude top choices); 0: never. Thresholds above 0.5 leave out none.
  float xtc_probability = 0;
  float xtc_threshold = 0.1f;

  // Of tokens that are among the last penalty_last_n (-1: all; 0: none) of the text, prompt included: a logit above 0
  // is divided by repeat_penalty, another one multiplied (Keskar et al. 2019); then frequency_penalty times how often
  // it is there is subtracted, and presence_penalty once. 1, 0 and 0: nothing.
  float repeat_penalty = 1;
  float frequency_penalty = 0;
  float presence_penalty = 0;
  int64_t penalty_last_n = 64;

  // "Don't repeat yourself": where the last n tokens, dry_allowed_length at least, stood before in the last
  // dry_penalty_last_n (-1: all; 0: none), dry_multiplier * dry_base^(n - dry_allowed_length) is subtracted from the
  // logit of the token that followed them, for the largest n. Repetitions do not reach across a text of
  // dry_sequence_breakers, nor are tokens that complete one penalised. A multiplier of 0: nothing.
  float dry_multiplier = 0;
  float dry_base = 1.75f;
  int64_t dry_allowed_length = 2;
  int64_t dry_penalty_last_n = -1;
  std::vector<std::string> dry_sequence_breakers = {"\n", ":", "\"", "*"};

  // Keeps the surprise of the text near mirostat_tau bits a token (Basu et al. 2021); 0: no; 1, 2: the paper's
  // algorithm of that number. mirostat_eta is how fast it learns.
  int mirostat = 0;
  float mirostat_tau = 5;
  float mirostat_eta = 0.1f;

  std::vector<LogitBias> logit_bias{};  // below the vocabulary's size
};

// What becomes of a generation that the context has no more room for.
enum class WhenFull {
  stop,   // StopReason::context_full
  error,  // generate() fails: out_of_memory
  // The first `sinks` tokens stay, and the latest half of the others (StreamingLLM; Xiao et al. 2024). The session then
  // is at a position as if those alone had been evaluated, for they are evaluated again: it costs as much as a prompt
  // of half the context, each time half of it is full.
  slide,
};

// For Session::generate().
struct GenerateOptions {
  int64_t max_tokens = 128;
  SamplerOptions sampler{};
  // Tokens guessed ahead at most, where the text repeats itself, and verified in one pass: the same tokens, sooner or
  // later, as the text is. 0: none.
  int64_t guess = 0;
  bool stop_at_end = true;  // stop at the end of a text, a turn or a message, whose token is not in the result
  // The generation ends where the text that it wrote contains one of these. That one is not in the text that is handed
  // out, which is held back while it might become one; its tokens are in the result. UTF-8, not empty; `unsupported`
  // without a tokenizer.
  std::vector<std::string> stop{};
  // Each token comes with its log-probability and those of the n most probable ones, at most 64, by the model's
  // logits as they are, before any option of the sampler; 0: without.
  int64_t log_probabilities = 0;
  // Each token comes with the experts that were chosen for it (GeneratedToken::experts): the same tokens, evaluated by
  // passes of their own, which on a GPU follow each other only as the host reads them.
  bool experts = false;
  // What the text must be, in GBNF, llama.cpp's notation, or by a JSON schema (papers/grammar.md); at most one of the
  // two, empty: anything. The generation ends where the text is complete and the model ends it, or nothing may follow.
  // invalid_argument with line and column, or the schema's place; `unsupported` without a tokenizer.
  std::string grammar;
  std::string json_schema;
  // The text is free until it has one of these words, with which the grammar's text begins; none: from the start. A
  // word that spells a control token is that token, and the grammar's text begins behind it.
  std::vector<std::string> grammar_triggers{};
  WhenFull when_full = WhenFull::stop;
  int64_t sinks = 4;  // for WhenFull::slide; below the context's size
  // As above while the prompt is evaluated; afterwards the generation ends with StopReason::cancelled and what it has.
  std::function<bool()> keep_going{};
};

// How the hidden values of a text's tokens become one vector.
enum class Pooling {
  of_model,  // as the file says (key ARCH.pooling_type), else last
  last,      // of the last token
  mean,      // of all tokens
};

// For Model::embed().
struct EmbeddingOptions {
  Pooling pooling = Pooling::of_model;
  bool normalize = true;  // to length 1
  Activations activations = Activations::int8;
  KvCacheType kv = KvCacheType::f16;
  std::function<bool()> keep_going{};
};

// For Model::evaluate().
struct EvaluationOptions {
  int64_t window = 0;  // tokens of context at most; 0: the model's context length, at most 4096
  int64_t stride = 0;  // tokens scored for each window; 0: half the window
  Activations activations = Activations::int8;
  KvCacheType kv = KvCacheType::f16;
  std::function<bool(double fraction)> progress{};  // returning false cancels
  std::function<bool()> keep_going{};
};

}  // namespace tritium
