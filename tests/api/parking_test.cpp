// Weights that are parked come back, and nobody sees it but by the time; models that come by descriptor.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/available_backends.h"
#include "tests/support/temporary_folder.h"
#include "tritium/tritium.hpp"

namespace tritium {
namespace {

namespace fs = std::filesystem;

const std::vector<int32_t> kPrompt = {1, 9, 77, 12, 200};

GenerateOptions tokens(int64_t n, float temperature = 0) {
  return {.max_tokens = n, .sampler = {.temperature = temperature, .seed = 3}, .stop_at_end = false};
}

class Parking : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    path = folder.file("model.gguf");
    ASSERT_EQ(std::system((std::string(TRITIUM_MAKE_MODEL) + " " + path + " maple").c_str()), 0);
  }
  Runtime runtime() const { return *Runtime::create({.backend = GetParam(), .threads = 2}); }
  Model load() const {
    const Result<Model> model = runtime().load(path);
    EXPECT_TRUE(model.ok()) << model.message();
    return *model;
  }

  TemporaryFolder folder;
  std::string path;
};

std::vector<int32_t> generate(Session& session, std::span<const int32_t> prompt, const GenerateOptions& options) {
  const Result<Generation> g = session.generate(prompt, options);
  EXPECT_TRUE(g.ok()) << g.message();
  return g.ok() ? g->tokens : std::vector<int32_t>();
}

TEST_P(Parking, SessionsGoOnToTheBit) {
  const Model model = load();
  Result<Session> parked = model.create_session(), other = model.create_session();
  ASSERT_TRUE(parked->evaluate(kPrompt).ok() && other->evaluate(kPrompt).ok());
  ASSERT_TRUE(model.park().ok());
  EXPECT_TRUE(model.is_parked());
  const std::vector<int32_t> went_on = generate(*parked, {}, tokens(8));
  EXPECT_FALSE(model.is_parked());
  EXPECT_EQ(went_on, generate(*other, {}, tokens(8)));
  const std::span<const float> logits = *parked->logits(), expected = *other->logits();
  EXPECT_TRUE(std::ranges::equal(logits, expected));
}

// Greedy tokens, of which a GPU has some under way, and drawn ones.
TEST_P(Parking, InTheMiddleOfAGenerationItsTokensStayTheSame) {
  const Model model = load();
  for (const float temperature : {0.0f, 1.3f}) {
    Result<Session> alone = model.create_session(), parked = model.create_session();
    const std::vector<int32_t> expected = generate(*alone, kPrompt, tokens(9, temperature));
    ASSERT_TRUE(parked->begin(kPrompt, tokens(9, temperature)).ok());
    std::vector<int32_t> got;
    for (;;) {
      const Result<std::optional<GeneratedToken>> next = parked->next();
      ASSERT_TRUE(next.ok()) << next.message();
      if (!next->has_value()) break;
      got.push_back((*next)->id);
      if (got.size() % 3 == 1) {
        ASSERT_TRUE(model.park().ok());
      }
    }
    EXPECT_EQ(got, expected);
  }
}

TEST_P(Parking, SessionsTogetherGoOnToo) {
  const Model model = load();
  Result<std::vector<Session>> pair = model.create_sessions(2);
  std::vector<Session*> both = {&pair->front(), &pair->back()};
  Result<Session> alone = model.create_session();
  for (Session* session : both) ASSERT_TRUE(session->begin(kPrompt, tokens(4)).ok());
  std::vector<std::vector<int32_t>> got(2);
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(model.park().ok());
    const auto next = next_of_each(both);
    ASSERT_TRUE(next.ok()) << next.message();
    for (size_t s = 0; s < both.size(); ++s) {
      ASSERT_TRUE((*next)[s].ok()) << (*next)[s].message();
      got[s].push_back((**(*next)[s]).id);
    }
  }
  const std::vector<int32_t> expected = generate(*alone, kPrompt, tokens(4));
  EXPECT_EQ(got[0], expected);
  EXPECT_EQ(got[1], expected);
}

TEST_P(Parking, UnparkBringsThemBackAndTwiceIsNoError) {
  const Model model = load();
  EXPECT_FALSE(model.is_parked());
  EXPECT_TRUE(model.unpark().ok());
  EXPECT_TRUE(model.park().ok() && model.park().ok());
  EXPECT_EQ(model.unpark([] { return false; }).code(), StatusCode::cancelled);
  EXPECT_TRUE(model.is_parked());
  EXPECT_TRUE(model.unpark().ok());
  EXPECT_FALSE(model.is_parked());
  ASSERT_TRUE(model.park().ok());
  EXPECT_TRUE(model.create_session().ok());  // which needs them
}

// The evaluation goes on until all that waits for its device has ended.
TEST_P(Parking, WhoWaitsForAnotherEvaluationHearsItsCancel) {
  const Runtime device = runtime();
  const Model busy = *device.load(path), parked = *device.load(path);
  Result<Session> evaluates = busy.create_session(), waits = busy.create_session();
  ASSERT_TRUE(parked.park().ok());
  std::atomic<bool> began = false, ended = false;
  std::thread other([&] {
    const auto until_ended = [&] {
      began = true;
      while (!ended) std::this_thread::yield();
      return true;
    };
    EXPECT_TRUE(evaluates->evaluate(kPrompt, until_ended).ok());
  });
  while (!began) std::this_thread::yield();
  const auto no = [] { return false; };
  EXPECT_EQ(parked.unpark(no).code(), StatusCode::cancelled);
  EXPECT_EQ(waits->evaluate(kPrompt, no).code(), StatusCode::cancelled);
  EXPECT_EQ(busy.create_session({.keep_going = no}).code(), StatusCode::cancelled);
  // A load asks once before it needs the device, and then while it waits.
  for (int questions = 1; questions < 6; ++questions)
    EXPECT_EQ(device.load(path, {.keep_going = [left = questions]() mutable { return --left > 0; }}).code(),
              StatusCode::cancelled);
  ended = true;
  other.join();
  EXPECT_TRUE(parked.is_parked());
  EXPECT_EQ(waits->position(), 0);
  EXPECT_TRUE(parked.unpark([] { return true; }).ok());
}

TEST_P(Parking, WeightsThatWouldNotComeBackStay) {
  const Model model = load();
  Result<Session> session = model.create_session();
  ASSERT_TRUE(session->evaluate(kPrompt).ok());
  fs::remove(path);
  const Status gone = model.park();
  EXPECT_EQ(gone.code(), StatusCode::not_found);
  EXPECT_NE(gone.message().find("the weights stay"), std::string::npos) << gone.message();
  std::ofstream(path) << "another file";
  EXPECT_EQ(model.park().code(), StatusCode::invalid_argument);
  EXPECT_FALSE(model.is_parked());
  EXPECT_EQ(generate(*session, {}, tokens(3)).size(), 3u);
}

TEST_P(Parking, FilesThatAreGoneMeanwhileAreAnErrorUntilTheyAreBack) {
  const Model model = load();
  Result<Session> session = model.create_session(), other = model.create_session();
  ASSERT_TRUE(session->evaluate(kPrompt).ok() && other->evaluate(kPrompt).ok());
  const std::vector<int32_t> expected = generate(*other, {}, tokens(3));
  ASSERT_TRUE(model.park().ok());
  fs::rename(path, path + ".away");
  const Result<std::span<const float>> failed = session->evaluate(std::vector<int32_t>{5});
  EXPECT_EQ(failed.code(), StatusCode::not_found);
  EXPECT_NE(failed.message().find("parked"), std::string::npos) << failed.message();
  EXPECT_EQ(session->position(), 5);
  EXPECT_FALSE(model.create_session().ok());
  fs::rename(path + ".away", path);
  EXPECT_EQ(generate(*session, {}, tokens(3)), expected);
}

TEST_P(Parking, ADescriptorIsEnoughEvenWhenTheFileHasNoNameAnyMore) {
  const Model by_path = load();
  const int descriptor = ::open(path.c_str(), O_RDONLY);
  const Runtime device = runtime();
  const Result<Model> model = device.load_descriptor(descriptor);
  ASSERT_TRUE(model.ok()) << model.message();
  EXPECT_EQ(::close(descriptor), 0);
#if !defined(_WIN32)  // where a name stays as long as its file is open
  fs::remove(path);
#endif
  Result<Session> session = model->create_session(), other = by_path.create_session();
  ASSERT_TRUE(model->park().ok());
  EXPECT_EQ(generate(*session, kPrompt, tokens(6)), generate(*other, kPrompt, tokens(6)));
  EXPECT_EQ(model->info().tensors.size(), by_path.info().tensors.size());
}

TEST_P(Parking, WhatIsNoModelFileIsRefusedByDescriptorToo) {
  const Runtime device = runtime();
  EXPECT_EQ(device.load_descriptor(-1).code(), StatusCode::io_error);
  const int writable = ::open(path.c_str(), O_WRONLY);
  EXPECT_EQ(device.load_descriptor(writable).code(), StatusCode::io_error);
  std::ofstream(folder.file("text")) << "no model";
  const int text = ::open(folder.file("text").c_str(), O_RDONLY);
  const Result<Model> refused = device.load_descriptor(text);
  EXPECT_EQ(refused.code(), StatusCode::corrupt_file);
  EXPECT_NE(refused.message().find("descriptor " + std::to_string(text)), std::string::npos) << refused.message();
  EXPECT_EQ(device.load_descriptor(text, {.cache = "auto"}).code(), StatusCode::invalid_argument);
  ::close(writable);
  ::close(text);
}

#if !defined(_WIN32)
TEST_P(Parking, APipeOrAFolderIsRefusedByDescriptor) {
  const Runtime device = runtime();
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  EXPECT_EQ(device.load_descriptor(pipe[0]).code(), StatusCode::io_error);
  const int folder_descriptor = ::open(folder.path().c_str(), O_RDONLY);
  EXPECT_EQ(device.load_descriptor(folder_descriptor).code(), StatusCode::io_error);
  for (const int descriptor : {pipe[0], pipe[1], folder_descriptor}) ::close(descriptor);
}
#endif

INSTANTIATE_TEST_SUITE_P(Backends, Parking, ::testing::ValuesIn(available_backends()), backend_test_name);

}  // namespace
}  // namespace tritium
