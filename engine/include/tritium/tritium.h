// tritium in C: loads a ternary language model, runs it, trains it. Valid C11 and C++; what bindings of other languages
// call. tritium.hpp is the same for C++, with handles that release themselves.
//
// Nothing here throws, aborts, prints or keeps state outside of handles. Dialect of the whole header:
// * A call that can fail returns a tritium_status. Its last argument, which may be NULL, takes the message. What a call
//   gives (`out`) is written where it succeeds alone, and handles are NULL where it fails; of a handle or an `out` that
//   is NULL the call says so (TRITIUM_INVALID_ARGUMENT).
// * Handles are made by one call and released by another, in any order: each keeps alive what it needs. Releasing NULL
//   does nothing. A handle is not released while a call with it is under way.
// * Structs begin with their size, which the caller sets: tritium_..._options_init() does, and sets the defaults; or
//   {.size = sizeof options}, which is zero for all else. They grow at their end in later versions. A program of an
//   earlier header gives less, and gets what it knows; what a program of a later header gives beyond what this library
//   knows must be zero (TRITIUM_UNSUPPORTED). NULL for options: the defaults.
// * Paths and names end with a zero byte, and are copied. Text and arrays have a length.
// * A buffer has a capacity, and `needed` (may be NULL) becomes how much there is. Where it does not fit nothing is
//   written: TRITIUM_BUFFER_TOO_SMALL. NULL with capacity 0 asks.
// * Callbacks run on the thread of the call that takes them, within it, and must not throw or jump out of it. They
//   return 0 to go on. A log sink runs on whichever thread calls the library with that runtime or what was made of it.
// * Threads: unless a function says otherwise it may be called from any thread at any time, also with the same handle;
//   a session, a sampler is used by one thread at a time. A thread that calls needs a stack of 256 KB.
#ifndef TRITIUM_H
#define TRITIUM_H

#include <stdint.h>

#include "tritium/chat.h"
#include "tritium/status.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- devices and runtimes --------------------------------------------------------------------------------

typedef struct tritium_devices tritium_devices;  // a list, as it was found
typedef struct tritium_device {
  uint64_t size;
  // Of the list, as long as it is there. What does not apply is "".
  const char* backend;          // what tritium_runtime_options.backend takes: "reference", "cpu", "vulkan:0"
  const char* description;      // the device's own name
  const char* driver;           // Vulkan: driver name and version; cpu: instruction set in use
  const char* reason;           // why it is not available
  const char* const* features;  // those that matter for speed, in words
  uint64_t n_features;
  uint64_t memory_bytes;  // 0: unknown
  int32_t available;
  int32_t software;  // a Vulkan driver that runs on the CPU: never chosen by "auto"
  int32_t chosen_by_auto;
  int32_t reserved;
} tritium_device;
// Every backend and device, also those that cannot be used. Takes the time of opening the Vulkan loader.
TRITIUM_API tritium_status tritium_devices_list(tritium_devices** out, tritium_error* error);
TRITIUM_API uint64_t tritium_devices_count(const tritium_devices* devices);
TRITIUM_API tritium_status tritium_devices_get(const tritium_devices* devices, uint64_t index, tritium_device* out,
                                               tritium_error* error);
TRITIUM_API void tritium_devices_release(tritium_devices* devices);

enum { TRITIUM_LOG_DEBUG = 0, TRITIUM_LOG_INFO = 1, TRITIUM_LOG_WARNING = 2, TRITIUM_LOG_ERROR = 3 };
enum { TRITIUM_LAYOUT_AUTOMATIC = 0, TRITIUM_LAYOUT_TWO_BIT = 1, TRITIUM_LAYOUT_BASE3 = 2 };
// `line`: UTF-8 without a line end, `size` bytes and a zero.
typedef void (*tritium_log)(void* data, int32_t level, const char* line, uint64_t size);

typedef struct tritium_runtime_options {
  uint64_t size;
  const char* backend;  // "auto" (NULL): a real GPU, else the CPU | reference | cpu | vulkan | vulkan:INDEX
  tritium_log log;      // NULL: silence
  void* log_data;       // given to `log`; what it points to must outlive what is made of the runtime
  int32_t threads;      // cpu: 0 takes all physical cores the process may use; at most 1024
  int32_t pin;          // cpu: not 0: its threads, but not the caller's, stay on a processor each
  int32_t layout;       // cpu: TRITIUM_LAYOUT_...
  int32_t strict;       // not 0: without a real GPU "auto" is an error (TRITIUM_NOT_FOUND), and not the CPU
} tritium_runtime_options;
TRITIUM_API void tritium_runtime_options_init(tritium_runtime_options* options, uint64_t size);

// A device, opened. Models are loaded on it.
typedef struct tritium_runtime tritium_runtime;
// A backend asked for by name that is not there is an error; "auto" falls back to the CPU, and tritium_runtime_reason()
// says why.
TRITIUM_API tritium_status tritium_runtime_create(const tritium_runtime_options* options, tritium_runtime** out,
                                                  tritium_error* error);
// "cpu", "vulkan:0"; and why it was chosen, in a line or two. As long as the handle is there; NULL of NULL.
TRITIUM_API const char* tritium_runtime_backend(const tritium_runtime* runtime);
TRITIUM_API const char* tritium_runtime_reason(const tritium_runtime* runtime);
TRITIUM_API void tritium_runtime_release(tritium_runtime* runtime);

// ---- what a model file holds -----------------------------------------------------------------------------

typedef struct tritium_info tritium_info;
typedef struct tritium_facts {
  uint64_t size;
  // Of the tritium_info, as long as it is there.
  const char* path;
  const char* architecture;       // "maple"
  const char* name;               // the model's own; ""
  const char* tokenizer_problem;  // why there is none, when the file has one that is not supported; ""
  int64_t vocab_size;
  int64_t dim;
  int64_t n_layers;
  int64_t n_heads;  // these three: the largest of any layer
  int64_t n_kv_heads;
  int64_t head_dim;
  int64_t n_experts;  // 0: dense
  int64_t n_experts_used;
  int64_t context_length;
  uint64_t parameters;
  uint64_t active_parameters;  // that one token uses
  uint64_t ternary_parameters;
  uint64_t active_ternary_parameters;
  uint64_t token_weight_bytes;  // that are read for one token, as the CPU keeps them
  uint64_t n_tensors;
  uint64_t n_warnings;
  uint64_t n_memory;  // of tritium_info_memory()
  int32_t has_tokenizer;
  int32_t reserved;
} tritium_facts;
// What it takes to run it on a kind of backend: weights + kv * tokens of context + work for each session.
typedef struct tritium_memory {
  uint64_t size;
  const char* backend;  // as above
  uint64_t weight_bytes;
  uint64_t kv_bytes_per_token;
  uint64_t work_bytes;
} tritium_memory;
typedef struct tritium_tensor {
  uint64_t size;
  const char* name;      // these three: as above
  const char* type;      // as in the file: "TQ2_0"
  const int64_t* shape;  // outermost first
  uint64_t n_dims;
  uint64_t bytes;
} tritium_tensor;
// Reads a model's headers and checks them, without its weights. `path`: a GGUF file, any part of a split one, or a
// Hugging Face folder with safetensors.
TRITIUM_API tritium_status tritium_inspect(const char* path, tritium_info** out, tritium_error* error);
TRITIUM_API tritium_status tritium_info_facts(const tritium_info* info, tritium_facts* out, tritium_error* error);
TRITIUM_API tritium_status tritium_info_memory(const tritium_info* info, uint64_t index, tritium_memory* out,
                                               tritium_error* error);
TRITIUM_API tritium_status tritium_info_tensor(const tritium_info* info, uint64_t index, tritium_tensor* out,
                                               tritium_error* error);
// What of the file is ignored or unusable, though the model works. NULL beyond the last one.
TRITIUM_API const char* tritium_info_warning(const tritium_info* info, uint64_t index);
TRITIUM_API void tritium_info_release(tritium_info* info);

// ---- models ----------------------------------------------------------------------------------------------

// 0 goes on; anything else ends the call with TRITIUM_CANCELLED.
typedef int32_t (*tritium_progress)(void* data, double fraction);

typedef struct tritium_load_options {
  uint64_t size;
  tritium_progress progress;  // called while weights move to the device; NULL: nobody
  void* progress_data;
  tritium_cancel* cancel;     // NULL: it is not cancelled
  const char* adapter;        // a GGUF file of LoRA adapters, for sessions that take no other; NULL: none
  double adapter_strength;    // 1: what they add is multiplied by this
  const char* tokenizer_pre;  // how a byte-level vocabulary splits text, instead of what the file says; NULL: that
  const char* cache;          // where laid out weights are kept for the next process: NULL: nowhere; "auto"; a folder
  int32_t i2s_interleave_64;  // not 0: I2_S files whose codes are interleaved 64 per 16 bytes (Arm builds)
  int32_t reserved;
} tritium_load_options;
TRITIUM_API void tritium_load_options_init(tritium_load_options* options, uint64_t size);

// Weights on a device; any number of sessions share them.
typedef struct tritium_model tritium_model;
// `path` as of tritium_inspect(). TRITIUM_CORRUPT_FILE says which tensor or key, and what is wrong.
TRITIUM_API tritium_status tritium_model_load(const tritium_runtime* runtime, const char* path,
                                              const tritium_load_options* options, tritium_model** out,
                                              tritium_error* error);
// A GGUF file in one part that the application has open for reading (a POSIX descriptor), where it may not open it by a
// path. The model keeps a duplicate for as long as it lives. TRITIUM_INVALID_ARGUMENT with a cache.
TRITIUM_API tritium_status tritium_model_load_descriptor(const tritium_runtime* runtime, int32_t descriptor,
                                                         const tritium_load_options* options, tritium_model** out,
                                                         tritium_error* error);
// The weights leave the device's memory, and the host's; sessions keep their caches. They come back where they are
// needed, with the next token or by tritium_model_unpark(), from the files, which must be there and unchanged; park
// looks before it lets go (TRITIUM_NOT_FOUND, TRITIUM_INVALID_ARGUMENT). Any thread; waits for an evaluation that is
// under way.
TRITIUM_API tritium_status tritium_model_park(const tritium_model* model, tritium_error* error);
TRITIUM_API tritium_status tritium_model_unpark(const tritium_model* model, tritium_cancel* cancel,
                                                tritium_error* error);
TRITIUM_API int32_t tritium_model_is_parked(const tritium_model* model);
TRITIUM_API tritium_status tritium_model_info(const tritium_model* model, tritium_info** out, tritium_error* error);
TRITIUM_API void tritium_model_release(tritium_model* model);

// A LoRA adapter of a model on its device, a GGUF file, which sessions of that model take on
// (tritium_session_attach); it may be released while they have it.
typedef struct tritium_adapter tritium_adapter;
TRITIUM_API tritium_status tritium_adapter_load(const tritium_model* model, const char* path, tritium_cancel* cancel,
                                                tritium_adapter** out, tritium_error* error);
TRITIUM_API void tritium_adapter_release(tritium_adapter* adapter);

// Text (any bytes) to token ids, with the model's beginning-of-text token first when it wants one. What the text spells
// out never becomes a control token. TRITIUM_UNSUPPORTED: there is no tokenizer.
TRITIUM_API tritium_status tritium_tokenize(const tritium_model* model, const char* text, uint64_t text_size,
                                            int32_t* tokens, uint64_t capacity, uint64_t* needed, tritium_error* error);
// The text of tokens, without a zero byte at its end. What is not UTF-8 becomes U+FFFD.
TRITIUM_API tritium_status tritium_detokenize(const tritium_model* model, const int32_t* tokens, uint64_t n_tokens,
                                              char* text, uint64_t capacity, uint64_t* needed, tritium_error* error);
// Ids; -1: none.
TRITIUM_API int32_t tritium_begin_of_text(const tritium_model* model);
TRITIUM_API int32_t tritium_end_of_text(const tritium_model* model);

enum { TRITIUM_ACTIVATIONS_INT8 = 0, TRITIUM_ACTIVATIONS_INT8_BLOCK = 1, TRITIUM_ACTIVATIONS_F32 = 2 };
enum { TRITIUM_KV_F16 = 0, TRITIUM_KV_INT8 = 1, TRITIUM_KV_F32 = 2 };
enum { TRITIUM_POOLING_OF_MODEL = 0, TRITIUM_POOLING_LAST = 1, TRITIUM_POOLING_MEAN = 2 };
typedef struct tritium_embedding_options {
  uint64_t size;
  tritium_cancel* cancel;
  int32_t pooling;         // TRITIUM_POOLING_...
  int32_t not_normalized;  // not 0: not brought to length 1
  int32_t activations;     // TRITIUM_ACTIVATIONS_...
  int32_t kv;              // TRITIUM_KV_...
} tritium_embedding_options;
TRITIUM_API void tritium_embedding_options_init(tritium_embedding_options* options, uint64_t size);
// What a text means to the model: tritium_facts.dim values. A buffer that is too small costs nothing.
TRITIUM_API tritium_status tritium_embed(const tritium_model* model, const char* text, uint64_t text_size,
                                         const tritium_embedding_options* options, float* values, uint64_t capacity,
                                         uint64_t* needed, tritium_error* error);

// ---- sampling --------------------------------------------------------------------------------------------

// An element of arrays: it does not grow.
typedef struct tritium_logit_bias {
  int32_t token;
  float bias;  // added to the token's logit; -infinity forbids it
} tritium_logit_bias;

// How a token is drawn, in this order, each step on what those before it left: logit_bias; repetition (repeat_penalty,
// frequency_penalty and presence_penalty, DRY); top_n_sigma, top_k; temperature; typical_p, top_p, min_p, XTC; one of
// the rest. What each of them does: options.hpp, which has the same names. The numbers here are the defaults that
// tritium_sampler_options_init() sets.
typedef struct tritium_sampler_options {
  uint64_t size;
  uint64_t seed;               // 0. Same seed, same tokens (on one device); TRITIUM_RANDOM_SEED: another one each time
  int64_t top_k;               // 40; 0: all
  float temperature;           // 0.8; 0: always the most probable token
  float top_p;                 // 0.95; 1: all
  float min_p;                 // 0.05; 0: all
  float typical_p;             // 1: all
  float top_n_sigma;           // 0: all
  float xtc_probability;       // 0: never
  float xtc_threshold;         // 0.1
  float repeat_penalty;        // 1: nothing
  float frequency_penalty;     // 0
  float presence_penalty;      // 0
  int64_t penalty_last_n;      // 64; -1: all; 0: none
  float dry_multiplier;        // 0: nothing
  float dry_base;              // 1.75
  int64_t dry_allowed_length;  // 2
  int64_t dry_penalty_last_n;  // -1: all; 0: none
  const char* const* dry_sequence_breakers;  // UTF-8 with zero bytes; NULL: newline, colon, quotation mark, asterisk
  uint64_t n_dry_sequence_breakers;
  const tritium_logit_bias* logit_bias;  // of one token at most once
  uint64_t n_logit_bias;
  int32_t mirostat;    // 0: no; 1, 2
  float mirostat_tau;  // 5
  float mirostat_eta;  // 0.1
  float reserved;
} tritium_sampler_options;
#define TRITIUM_RANDOM_SEED UINT64_MAX
TRITIUM_API void tritium_sampler_options_init(tritium_sampler_options* options, uint64_t size);

// Draws tokens from logits that the caller has. One thread at a time. It knows no vocabulary: dry_sequence_breakers are
// in no token.
typedef struct tritium_sampler tritium_sampler;
TRITIUM_API tritium_status tritium_sampler_create(const tritium_sampler_options* options, tritium_sampler** out,
                                                  tritium_error* error);
TRITIUM_API tritium_status tritium_sampler_sample(tritium_sampler* sampler, const float* logits, uint64_t n_logits,
                                                  int32_t* out, tritium_error* error);
// The text goes on with this token, one of the prompt or the one that was sampled: for penalties, DRY and mirostat.
TRITIUM_API tritium_status tritium_sampler_accept(tritium_sampler* sampler, int32_t token, tritium_error* error);
TRITIUM_API void tritium_sampler_release(tritium_sampler* sampler);

// ---- sessions --------------------------------------------------------------------------------------------

typedef struct tritium_session_options {
  uint64_t size;
  tritium_cancel* cancel;  // of the creation: seconds for a long context
  int64_t context;         // tokens the KV cache holds; 0: the model's context length, at most 4096
  int64_t batch;           // tokens evaluated at once at most; 0: the backend's choice
  int32_t activations;     // TRITIUM_ACTIVATIONS_...
  int32_t kv;              // TRITIUM_KV_...
} tritium_session_options;
TRITIUM_API void tritium_session_options_init(tritium_session_options* options, uint64_t size);

// One conversation: a position and a KV cache. One thread at a time: a call that finds another one under way is refused
// (TRITIUM_INVALID_ARGUMENT), also from a callback. Sessions of one runtime take turns on its device. Whatever fails
// leaves the position as it was.
typedef struct tritium_session tritium_session;
TRITIUM_API tritium_status tritium_session_create(const tritium_model* model, const tritium_session_options* options,
                                                  tritium_session** out, tritium_error* error);
// n of them, 1 to 1024, to out[0] … out[n - 1], whose next tokens can be evaluated by one pass
// (tritium_sessions_next); each is released alone, their memory is given back with the last. They guess no tokens.
TRITIUM_API tritium_status tritium_sessions_create(const tritium_model* model, const tritium_session_options* options,
                                                   uint64_t n, tritium_session** out, tritium_error* error);
TRITIUM_API void tritium_session_release(tritium_session* session);
// Tokens evaluated so far, and how many there may be.
TRITIUM_API int64_t tritium_session_position(const tritium_session* session);
TRITIUM_API int64_t tritium_session_context(const tritium_session* session);
// Forgets everything from `position` on (0: all), which must not lie ahead.
TRITIUM_API tritium_status tritium_session_rewind(tritium_session* session, int64_t position, tritium_error* error);
// From here on tokens are evaluated with an adapter of this session's model beside the weights, in place of the one
// before; what it adds is multiplied by `strength`. NULL: without any, that of the load options included. What was
// evaluated stays as it is. Those of tritium_sessions_create() share it: the last call counts for all.
TRITIUM_API tritium_status tritium_session_attach(tritium_session* session, const tritium_adapter* adapter,
                                                  double strength, tritium_error* error);
// Another session at the same position, with the same options: what both go on with is their own.
TRITIUM_API tritium_status tritium_session_fork(tritium_session* session, tritium_session** out, tritium_error* error);
// Its tokens and caches as bytes, and back in place of what a session holds: of the same model (told by its shape, name
// and size alone), with the same activations and KV cache, and a context that is large enough
// (TRITIUM_INVALID_ARGUMENT); on any backend. TRITIUM_CORRUPT_FILE: they are damaged, or something else.
TRITIUM_API tritium_status tritium_session_save(tritium_session* session, void* bytes, uint64_t capacity,
                                                uint64_t* needed, tritium_error* error);
TRITIUM_API tritium_status tritium_session_restore(tritium_session* session, const void* bytes, uint64_t size,
                                                   tritium_error* error);
// Appends tokens. `cancel` may be NULL.
TRITIUM_API tritium_status tritium_session_feed(tritium_session* session, const int32_t* tokens, uint64_t n_tokens,
                                                tritium_cancel* cancel, tritium_error* error);
// The logits after the last token: tritium_facts.vocab_size. At position 0 there are none (TRITIUM_INVALID_ARGUMENT).
TRITIUM_API tritium_status tritium_session_logits(tritium_session* session, float* logits, uint64_t capacity,
                                                  uint64_t* needed, tritium_error* error);
// An element of arrays: it does not grow.
typedef struct tritium_log_probability {
  double log_probability;  // natural, of all tokens at temperature 1
  int32_t token;
  int32_t reserved;
} tritium_log_probability;
// The n most probable tokens after the last one, most probable first. n: 1 ... tritium_facts.vocab_size.
TRITIUM_API tritium_status tritium_session_top(tritium_session* session, uint64_t n, tritium_log_probability* out,
                                               tritium_error* error);

enum {
  TRITIUM_STOP_END_OF_TEXT = 0,
  TRITIUM_STOP_MAX_TOKENS = 1,
  TRITIUM_STOP_CONTEXT_FULL = 2,
  TRITIUM_STOP_CANCELLED = 3,
  TRITIUM_STOP_TEXT = 4,  // one of tritium_generate_options.stop
};
// What becomes of a generation that the context has no more room for: it ends; it is TRITIUM_OUT_OF_MEMORY; or the
// first `sinks` tokens stay, and the latest half of the others, evaluated again.
enum { TRITIUM_WHEN_FULL_STOP = 0, TRITIUM_WHEN_FULL_ERROR = 1, TRITIUM_WHEN_FULL_SLIDE = 2 };
typedef struct tritium_generate_options {
  uint64_t size;
  const tritium_sampler_options* sampler;  // NULL: the defaults
  tritium_cancel* cancel;                  // NULL: it is not cancelled
  int64_t max_tokens;                      // 128
  int64_t guess;  // tokens guessed ahead at most, where the text repeats itself: the same text, sooner; 0: none
  // The generation ends where its text contains one of these (UTF-8 with zero bytes), which is not in the text that is
  // handed out.
  const char* const* stop;
  uint64_t n_stop;
  int64_t log_probabilities;  // of each token, and of so many most probable ones, at most 64; 0: without
  int64_t sinks;              // 4
  int32_t when_full;          // TRITIUM_WHEN_FULL_...
  int32_t ignore_end;         // not 0: goes on after the end of a text, a turn or a message
  // What the text must be (UTF-8 with zero bytes): a grammar in GBNF, llama.cpp's notation, or a JSON schema; one of
  // the two, or NULL: anything. With words of grammar_triggers the text is free until it has one of them, with which
  // the grammar's text begins.
  const char* grammar;
  const char* json_schema;
  const char* const* grammar_triggers;
  uint64_t n_grammar_triggers;
  int32_t experts;  // not 0: each token comes with the experts that were chosen for it
  int32_t reserved;
} tritium_generate_options;
TRITIUM_API void tritium_generate_options_init(tritium_generate_options* options, uint64_t size);

typedef struct tritium_token {
  uint64_t size;
  const char* text;  // whole UTF-8 that became complete with this token; may be empty. Valid within the callback
  uint64_t text_size;
  double log_probability;  // these: with tritium_generate_options.log_probabilities
  const tritium_log_probability* most_probable;
  uint64_t n_most_probable;
  int32_t id;  // -1 in a last call for text that was held back until the text ended without another token
  int32_t reserved;
  // With tritium_generate_options.experts, of a model that has any: those that each layer's router chose for the token
  // before this one, in the pass that this one was drawn from; of each layer, in the order in which they compute,
  // tritium_facts.n_experts_used, the largest weight first.
  const int32_t* experts;
  uint64_t n_experts;  // of all layers
} tritium_token;
// 0 goes on; anything else ends the generation with TRITIUM_STOP_CANCELLED.
typedef int32_t (*tritium_on_token)(void* data, const tritium_token* token);

typedef struct tritium_generation {
  uint64_t size;
  uint64_t seed;   // the sampler's: the one that was drawn, for TRITIUM_RANDOM_SEED
  int64_t tokens;  // that were generated, also those of a stop text
  int64_t prompt_tokens;
  int64_t guessed;                // tokens that were guessed,
  int64_t accepted;               // and how many of them were right
  double seconds_to_first_token;  // prompt evaluation and the first sample
  double seconds;                 // all
  double tokens_per_second;       // of the tokens after the first; 0 when there are none
  int64_t slides;                 // how often TRITIUM_WHEN_FULL_SLIDE made room
  int32_t stop;                   // TRITIUM_STOP_...
  int32_t stop_text;              // which of tritium_generate_options.stop it was; -1: none
} tritium_generation;

// Evaluates the prompt and samples; without one it goes on after the tokens before the position, of which there must be
// one. `on_token` and `out` may be NULL. Cancelled while the prompt is evaluated: TRITIUM_CANCELLED; afterwards the
// generation ends with what it has: TRITIUM_OK, and TRITIUM_STOP_CANCELLED.
TRITIUM_API tritium_status tritium_session_generate(tritium_session* session, const int32_t* prompt, uint64_t n_prompt,
                                                    const tritium_generate_options* options, tritium_on_token on_token,
                                                    void* data, tritium_generation* out, tritium_error* error);

// The same without a callback: begin checks, and evaluates nothing; next gives a token, valid until the next call of
// the session, and *more = 1, or *more = 0 where the generation has ended. generation says how it went until now. A
// generation is ended by any other call of the session but position and context (TRITIUM_INVALID_ARGUMENT: there is
// none).
TRITIUM_API tritium_status tritium_session_begin(tritium_session* session, const int32_t* prompt, uint64_t n_prompt,
                                                 const tritium_generate_options* options, tritium_error* error);
TRITIUM_API tritium_status tritium_session_next(tritium_session* session, tritium_token* out, int32_t* more,
                                                tritium_error* error);
TRITIUM_API tritium_status tritium_session_generation(tritium_session* session, tritium_generation* out,
                                                      tritium_error* error);

// tritium_session_next of each of n sessions, none of them twice: the same tokens, but those of one
// tritium_sessions_create are evaluated by one pass, which reads the weights once for all. Prompts are evaluated one
// after another. tokens[i] points to a tritium_token, more[i] and outcomes[i] are as *more and the result there; what
// fails for one session concerns no other, and `error` tells of the first of them. The result is TRITIUM_OK, or says
// why nothing was done. One thread at a time for all of the sessions.
TRITIUM_API tritium_status tritium_sessions_next(tritium_session* const* sessions, uint64_t n,
                                                 tritium_token* const* tokens, int32_t* more, tritium_status* outcomes,
                                                 tritium_error* error);

#ifdef __cplusplus
}
#endif

#endif
