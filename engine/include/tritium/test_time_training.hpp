// A text scored by a model that learns from what it has scored, on any backend.
//
// The text is cut into chunks. Each is scored first, by sliding windows, with weights that do not move; then the model
// learns from it, and goes on to the next. So a score depends on what stands before its token alone, comes from a whole
// distribution, and is final: the text is gone through once. The weights' checksum is compared before and after each
// chunk is scored. What is learned is gone at the end: the model's files are only read.
//
//   auto report = tritium::test_time_training({.model = "model.gguf", .text = book});
//   report->score.bits_per_byte;
//
// Errors, threads and callbacks as in tritium.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tritium/log.hpp"
#include "tritium/model.hpp"
#include "tritium/options.hpp"
#include "tritium/status.hpp"

namespace tritium {

// Which weights learn; the others stay as the file has them, without shadows or gradients.
enum class LearningPart {
  all,
  attention,
  feed_forward,
  norms,  // and the scales of columns and heads
};

struct TestTimeOptions {
  std::string model;  // a GGUF file, any part of a split one, or a folder
  std::string text;
  std::string tokenizer_pre;  // LoadOptions

  // As for Model::evaluate(); keys and values are not rounded, and neither are inputs of weights that are no trits.
  int64_t window = 0, stride = 0;
  Activations activations = Activations::int8;  // int8_block has no gradients: `unsupported`

  // Tokens, a stride at least; a chunk ends with the first window that does. 0: 32768, or an eighth of a shorter text.
  int64_t chunk = 0;
  // Plain gradient descent with momentum, `epochs` times over each chunk but the last, in updates of `batch` sequences
  // as long as a window. Over the chunks the rate falls as a cosine, to 0 at the last one.
  int64_t epochs = 3;
  int64_t batch = 16;
  double learning_rate = 0.002, momentum = 0.9;
  double clip = 1.0;  // largest norm of all gradients together; 0: none
  LearningPart learns = LearningPart::all;

  bool baseline = false;  // score the text without learning, too

  std::string backend = "cpu";
  int threads = 0;
  std::function<bool(double fraction)> progress{};  // returning false cancels
  std::function<bool()> keep_going{};               // options.hpp
  LogSink log{};
};

struct ScoredChunk {
  Evaluation score;
  int64_t first_token = 0;  // that was scored
  std::string weights;      // checksum (XXH3) of all that the chunk was scored with, the same before and after
  int64_t updates = 0;      // learned from it, afterwards
};

struct TestTimeReport {
  Evaluation score;
  std::vector<ScoredChunk> chunks;
  std::optional<Evaluation> baseline{};
  std::vector<float> losses{};                // of each token, nats; the first one's, which nothing predicts, is 0
  int64_t window = 0, stride = 0, chunk = 0;  // as they were taken
  int64_t updates = 0;
  int64_t checks = 0;  // checksums that were compared, and equal
  double seconds = 0;
};

// out_of_memory, with the numbers and what needs less, before anything is allocated. internal: weights moved while a
// chunk was scored.
Result<TestTimeReport> test_time_training(const TestTimeOptions& options);

}  // namespace tritium
