// Model: weights on a device. ModelInfo: what a model file holds, known without loading it.
// A Model may be used from any number of threads at once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tritium/chat.hpp"
#include "tritium/options.hpp"
#include "tritium/session.hpp"
#include "tritium/status.hpp"

namespace tritium {

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
  int64_t n_heads = 0;  // these three: the largest of any layer
  int64_t n_kv_heads = 0;
  int64_t head_dim = 0;
  int64_t n_experts = 0;  // 0: dense
  int64_t n_experts_used = 0;
  int64_t context_length = 0;
  uint64_t parameters = 0;
  uint64_t active_parameters = 0;  // that one token uses
  uint64_t ternary_parameters = 0;
  uint64_t active_ternary_parameters = 0;
  uint64_t token_weight_bytes = 0;  // that are read for one token, as the CPU keeps them
  bool has_tokenizer = false;
  std::string tokenizer_problem;      // why not, when the file has one that is not supported
  std::vector<std::string> warnings;  // what of the file is ignored or unusable, though the model works
  std::vector<ModelTensor> tensors;
  std::vector<MemoryEstimate> memory;
};

// Reads a model's headers and checks them against its architecture, without loading weights. `path`: as of
// Runtime::load().
Result<ModelInfo> inspect_model(const std::string& path);

struct Evaluation {
  double nll = 0;  // nats per scored token
  double perplexity = 0;
  double bits_per_byte = 0;
  int64_t tokens = 0;  // scored: all but the first, each exactly once
  int64_t bytes = 0;   // of the text that these stand for
};

// Weights on a device. A handle: copies share the model.
class Model {
 public:
  struct State;  // the library's own

  const ModelInfo& info() const;
  Result<Session> create_session(const SessionOptions& options = {}) const;
  // n sessions, 1 to 1024, each with a context of its own, whose next tokens can be evaluated by one pass
  // (next_of_each(), session.hpp). Their memory is given back with the last of them. They guess no tokens ahead.
  Result<std::vector<Session>> create_sessions(int64_t n, const SessionOptions& options = {}) const;

  // An adapter that sessions of this model take on (Session::attach()): a GGUF file as of LoadOptions::adapter.
  Result<Adapter> load_adapter(const std::string& path, const std::function<bool()>& keep_going = {}) const;

  // The weights leave the device's memory, and the host's; sessions keep their caches, adapters their matrices. They
  // come back where they are needed, with the next token or by unpark(), from the files, which must be there and
  // unchanged: park() looks before it lets go (not_found, invalid_argument), and so does what brings them back.
  // Both wait for an evaluation that is under way; is_parked() does not.
  Status park() const;
  Status unpark(const std::function<bool()>& keep_going = {}) const;
  bool is_parked() const;

  // Text to token ids, with the model's beginning-of-text token first when it wants one. Fails without a tokenizer.
  Result<std::vector<int32_t>> tokenize(std::string_view text) const;
  Result<std::string> detokenize(std::span<const int32_t> tokens) const;
  int32_t begin_of_text() const;  // -1: none
  int32_t end_of_text() const;    // -1: none

  // A conversation as this model was trained to continue it: chat.hpp. `messages` is a JSON array, or an object with
  // "messages" and perhaps "tools". not_found: the model has no chat template; says how to give one.
  Result<ChatPrompt> format_chat(std::string_view messages, const ChatOptions& options = {}) const;
  Result<ChatPrompt> format_chat(std::span<const ChatMessage> messages, const ChatOptions& options = {}) const;
  bool has_chat_template() const;
  // What the model wrote after format_chat() with these options: their template, tools (types of arguments that are
  // written without; and Llama's calls without marks are those alone that name one of them) and variables (whether the
  // prompt opened a thought) count. Without a template all is content. What looks like a call and is none that is
  // valid is content; white space around calls and reasoning is left out. By tokens, without the one that ended the
  // generation: ChatReplyStream::append().
  Result<ChatReply> parse_reply(std::string_view text, const ChatOptions& options = {}) const;
  Result<ChatReply> parse_reply(std::span<const int32_t> tokens, const ChatOptions& options = {}) const;
  Result<ChatReplyStream> reply_stream(const ChatOptions& options = {}) const;

  // What a text means to the model, as a vector of ModelInfo::dim values: the hidden values after the last norm,
  // pooled. The text gets what the model wants before and after it (BOS, EOS). unsupported: there is no tokenizer;
  // invalid_argument: the text has no tokens, or more than the model's context.
  Result<std::vector<float>> embed(std::string_view text, const EmbeddingOptions& options = {}) const;

  // Mean negative log-likelihood of a text by sliding windows: every token but the first is scored exactly once, with
  // as much left context as window and stride give.
  Result<Evaluation> evaluate(std::string_view text, const EvaluationOptions& options = {}) const;

 private:
  friend class Runtime;
  explicit Model(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

}  // namespace tritium
