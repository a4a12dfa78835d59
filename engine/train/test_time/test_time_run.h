// Test-time training of one text: score a chunk, learn from it, go on.
#pragma once

#include <chrono>
#include <memory>

#include "train/test_time/setup.h"

namespace tritium::training {

class TestTimeRun {
 public:
  TestTimeRun(const TestTimeOptions& options, TestTimeSetup setup, std::unique_ptr<Backend> backend)
      : options_(options),
        setup_(std::move(setup)),
        windows_(std::ssize(setup_.tokens), setup_.sizes),
        backend_(std::move(backend)),
        ops_(*backend_),
        workspace_(*backend_) {}

  Result<TestTimeReport> run();

 private:
  // Tokens [first, end), each predicted by those before it from `begin` on: a sequence of a pass.
  struct Sequence {
    int64_t begin = 0, first = 0, end = 0;
  };

  Status prepare();
  // Of consecutive windows: the losses of the tokens that they score, into their places.
  Status score(int64_t first_window, int64_t end_window, std::span<float> losses);
  Status score_chunk(const Chunk& chunk);
  // `factor`: of the learning rate.
  Result<int64_t> learn(const Chunk& chunk, double factor);
  Status update(std::span<const Sequence> sequences, double factor);
  // Sum of the losses, of no more sequences than a pass has. gradient_scale 0: no gradients.
  double pass(std::span<const Sequence> sequences, float gradient_scale);
  Result<Evaluation> evaluation_of_tokens(int64_t first, int64_t end, std::span<const float> losses) const;
  Status not_finite(double loss, const std::string& when) const;
  Status worked(int64_t tokens);

  const TestTimeOptions& options_;
  TestTimeSetup setup_;
  SlidingWindows windows_;
  std::unique_ptr<Backend> backend_;
  Ops ops_;
  Workspace workspace_;
  std::unique_ptr<Transformer> model_;
  std::unique_ptr<Optimizer> optimizer_;
  TestTimeReport report_;
  int64_t work_ = 0, done_ = 0;  // tokens that pass through the model, those of learning three times
};

}  // namespace tritium::training
