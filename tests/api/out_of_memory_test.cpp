// Whichever allocation fails, a call of the public API ends with a Status and the process lives.
//
// The global operator new of this program fails when it is told to.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <new>

#include "tests/support/temporary_folder.h"
#include "tritium/training.hpp"
#include "tritium/tritium.hpp"

namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
std::atomic<int64_t> allocations_left = kNever;  // those after them fail
std::atomic<int64_t> failures_left = 0;          // so many

bool fails() {
  if (allocations_left.load() == kNever || allocations_left.fetch_sub(1) > 0) return false;
  return failures_left.fetch_sub(1) > 0;
}

void* allocate(std::size_t bytes, std::size_t alignment) {
  if (fails()) return nullptr;
#if defined(_WIN32)
  return _aligned_malloc(bytes, alignment);
#else
  void* memory = nullptr;
  return posix_memalign(&memory, std::max(alignment, sizeof(void*)), bytes) == 0 ? memory : nullptr;
#endif
}

void release(void* memory) {
#if defined(_WIN32)
  _aligned_free(memory);
#else
  std::free(memory);
#endif
}

void* allocate_or_throw(std::size_t bytes, std::size_t alignment) {
  void* memory = allocate(bytes, alignment);
  if (!memory) throw std::bad_alloc();
  return memory;
}

constexpr std::size_t kUsual = alignof(std::max_align_t);

}  // namespace

void* operator new(std::size_t n) { return allocate_or_throw(n, kUsual); }
void* operator new[](std::size_t n) { return allocate_or_throw(n, kUsual); }
void* operator new(std::size_t n, const std::nothrow_t&) noexcept { return allocate(n, kUsual); }
void* operator new[](std::size_t n, const std::nothrow_t&) noexcept { return allocate(n, kUsual); }
void* operator new(std::size_t n, std::align_val_t a) { return allocate_or_throw(n, static_cast<std::size_t>(a)); }
void* operator new[](std::size_t n, std::align_val_t a) { return allocate_or_throw(n, static_cast<std::size_t>(a)); }
void operator delete(void* p) noexcept { release(p); }
void operator delete[](void* p) noexcept { release(p); }
void operator delete(void* p, std::size_t) noexcept { release(p); }
void operator delete[](void* p, std::size_t) noexcept { release(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { release(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { release(p); }
void operator delete(void* p, std::align_val_t) noexcept { release(p); }
void operator delete[](void* p, std::align_val_t) noexcept { release(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { release(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { release(p); }

namespace tritium {
namespace {

// How often `call` may be tried: allocations are left out evenly where it makes more of them.
constexpr int64_t kTries = 200;

// Calls it with each allocation failing in turn, once alone and once with all that follow. `call` gives the outcome.
void expect_a_status_wherever_memory_ends(const std::function<Status()>& call) {
  allocations_left = kNever - 1;
  failures_left = 0;
  ASSERT_TRUE(call().ok());
  const int64_t n = kNever - 1 - allocations_left.exchange(kNever);
  ASSERT_GT(n, 0);
  for (int64_t failures : {int64_t{1}, kNever})
    for (int64_t at = 0; at < n; at += std::max<int64_t>(1, n / kTries)) {
      failures_left = failures;
      allocations_left = at;
      const Status status = call();
      const bool hit = failures_left.exchange(0) < failures;
      allocations_left = kNever;
      // A cache, a log or a number of threads may do without; the rest is an error that says what it was.
      if (hit && !status.ok()) {
        EXPECT_EQ(status.code(), StatusCode::out_of_memory) << at << ": " << status.message();
      }
      EXPECT_TRUE(hit || status.ok()) << at << ": " << status.message();
    }
}

class OutOfMemory : public testing::Test {
 protected:
  static Runtime runtime(const std::string& backend) { return *Runtime::create({.backend = backend, .threads = 2}); }
  void SetUp() override { ASSERT_EQ(std::system((TRITIUM_MAKE_MODEL " " + model_).c_str()), 0); }

  TemporaryFolder folder_;
  std::string model_ = folder_.file("model.gguf");
};

TEST_F(OutOfMemory, WhileARuntimeIsMade) {
  for (const char* backend : {"reference", "cpu"})
    expect_a_status_wherever_memory_ends([&] { return Runtime::create({.backend = backend, .threads = 2}).status(); });
}

TEST_F(OutOfMemory, WhileAModelIsLoaded) {
  for (const char* backend : {"reference", "cpu"}) {
    const Runtime device = runtime(backend);
    expect_a_status_wherever_memory_ends([&] { return device.load(model_).status(); });
  }
}

TEST_F(OutOfMemory, WhileTextIsWritten) {
  for (const char* backend : {"reference", "cpu"}) {
    const Model model = *runtime(backend).load(model_);
    expect_a_status_wherever_memory_ends([&]() -> Status {
      Result<Session> session = model.create_session({.context = 16});
      if (!session.ok()) return session.status();
      const Result<std::vector<int32_t>> prompt = model.tokenize("a");
      if (!prompt.ok()) return prompt.status();
      const Result<Generation> text = session->generate(*prompt, {.max_tokens = 2});
      if (!text.ok()) return text.status();
      return model.detokenize(text->tokens).status();
    });
  }
}

TEST_F(OutOfMemory, WhileTextIsWrittenWithEveryOption) {
  const Model model = *runtime("cpu").load(model_);
  GenerateOptions options = {.max_tokens = 24, .stop_at_end = false, .stop = {"no such text"}, .log_probabilities = 3};
  options.when_full = WhenFull::slide;
  options.sampler = {.typical_p = 0.9f, .top_n_sigma = 3, .xtc_probability = 0.5f, .repeat_penalty = 1.1f};
  options.sampler.dry_multiplier = 1;
  options.sampler.logit_bias = {{3, 1}};
  expect_a_status_wherever_memory_ends([&]() -> Status {
    Result<Session> session = model.create_session({.context = 16});
    if (!session.ok()) return session.status();
    const std::vector<int32_t> prompt = {1, 5, 9, 5, 9};
    return session->generate(prompt, options).status();
  });
}

TEST_F(OutOfMemory, WhileAVocabularyIsOpenedAndUsed) {
  std::ofstream(folder_.path() / "tokenizer.json") << R"({"model": {"type": "BPE",
    "vocab": {"a": 0, "b": 1, "ab": 2, "\u0120": 3}, "merges": ["a b"]}, "normalizer": {"type": "NFC"},
    "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
      {"type": "Split", "pattern": {"Regex": "a*b|."}, "behavior": "Isolated", "invert": false},
      {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]},
    "added_tokens": [{"id": 4, "content": "<s>", "special": true}]})";
  for (const std::string& path : {folder_.path().string(), model_})
    expect_a_status_wherever_memory_ends([&]() -> Status {
      const Result<Vocabulary> vocabulary = Vocabulary::open(path);
      if (!vocabulary.ok()) return vocabulary.status();
      const auto ids = vocabulary->tokenize("ab e\u0301<s> b\xFF", {.parse_special = true, .add_ends = true});
      if (!ids.ok()) return ids.status();
      return vocabulary->detokenize(*ids, true).status();
    });
}

TEST_F(OutOfMemory, WhileATokenIsSampledItIsTheMostProbable) {
  Sampler sampler = *Sampler::create({.temperature = 1.0f, .seed = 1});
  const std::vector<float> logits = {0.0f, 3.0f, 2.9f};
  failures_left = kNever;
  allocations_left = 0;
  int32_t token = -1;
  for (int i = 0; i < 20 && token != 0; ++i) token = sampler.sample(logits) == 1 ? 1 : 0;
  allocations_left = kNever;
  EXPECT_EQ(token, 1);
}

TEST_F(OutOfMemory, WhileDevicesAreListedThereAreNone) {
  failures_left = kNever;
  allocations_left = 0;
  const bool none = list_devices().empty();
  allocations_left = kNever;
  EXPECT_TRUE(none);
}

TEST_F(OutOfMemory, WhileATextIsEvaluated) {
  const Model model = *runtime("cpu").load(model_);
  expect_a_status_wherever_memory_ends(
      [&] { return model.evaluate("the miller knew the sound of the stone", {.window = 8}).status(); });
}

// Fine-tuning of a small file. Not from a description, nor with a folder: values of the JSON library allocate while
// they are destroyed, where nothing can be caught.
class OutOfMemoryInTraining : public testing::Test {
 protected:
  void SetUp() override {
    TrainOptions options = of_text();
    options.transformer = R"({"dim": 16, "layers": 2, "heads": 2, "ffn": 16, "experts": 2, "top_k": 1, "context": 16})";
    options.output = model_;
    const Result<TrainReport> made = train(options);
    ASSERT_TRUE(made.ok()) << made.message();
  }

  static TrainOptions of_text() {
    TrainOptions options;
    for (int i = 0; i < 4; ++i) options.text += "a mill stood by the river, ";
    options.steps = 2;
    options.context = 4;
    options.batch = 2;
    options.threads = 2;
    return options;
  }

  void expect_a_status(TrainOptions options) {
    options.model = model_;
    options.output = folder_.file("trained.gguf");
    expect_a_status_wherever_memory_ends([&] { return train(options).status(); });
  }

  TemporaryFolder folder_;
  std::string model_ = folder_.file("model.gguf");
};

TEST_F(OutOfMemoryInTraining, WithTheDefaults) { expect_a_status(of_text()); }

TEST_F(OutOfMemoryInTraining, StepByStep) {
  TrainOptions options = of_text();
  options.model = model_;
  const std::string output = folder_.file("trained.gguf");
  expect_a_status_wherever_memory_ends([&] {
    Result<Trainer> trainer = Trainer::create(options);
    if (!trainer.ok()) return trainer.status();
    if (Status s = trainer->step(1).status(); !s.ok()) return s;
    if (Status s = trainer->evaluate().status(); !s.ok()) return s;
    return trainer->export_to(output).status();
  });
}

TEST_F(OutOfMemoryInTraining, WithAFolderOfTexts) {
  const TemporaryFolder texts;
  std::filesystem::create_directory(texts.file("below"));
  std::ofstream(texts.file("below/mill.txt")) << of_text().text;
  TrainOptions options = of_text();
  options.text.clear();
  options.data = {texts.path().string()};
  expect_a_status(options);
}

TEST_F(OutOfMemoryInTraining, WithATeacherAveragesMuonAndCheckpoints) {
  TrainOptions options = of_text();
  options.teacher = model_;
  options.hidden_mse = 0.1;
  options.average = Average::ema;
  options.optimizer = OptimizerKind::muon;
  options.checkpoint_activations = true;
  options.micro_batch = 1;
  expect_a_status(options);
}

TEST_F(OutOfMemoryInTraining, WithAdaptersAnd8BitStates) {
  TrainOptions options = of_text();
  options.attention = options.feed_forward = WeightMode::lora;
  options.embedding = options.head = options.norms = options.routers = WeightMode::frozen;
  options.states_8bit = true;
  expect_a_status(options);
}

}  // namespace
}  // namespace tritium
