// Other programs, run without a shell.
#include "base/child_process.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <vector>

#include "base/cancel.h"

namespace tritium {
namespace {

Result<ChildResult> run(const std::string& program, const std::vector<std::string>& arguments) {
  return run_program(program, arguments);
}

TEST(ChildProcess, ArgumentsArriveAsTheyAre) {
  const auto done = run("printf", {"<%s>", "two words", "$HOME", "it's \"quoted\"", ""});
  ASSERT_TRUE(done.ok()) << done.message();
  EXPECT_EQ(done->exit_code, 0);
  EXPECT_EQ(done->output, "<two words><$HOME><it's \"quoted\"><>");
}

TEST(ChildProcess, ExitCodeAndWhatBothOutputsSaidComeBack) {
  const auto done = run("sh", {"-c", "echo out; echo err >&2; exit 3"});
  ASSERT_TRUE(done.ok()) << done.message();
  EXPECT_EQ(done->exit_code, 3);
  EXPECT_EQ(done->output, "out\nerr\n");
}

TEST(ChildProcess, ItsInputIsEmpty) {
  const auto done = run("cat", {});
  ASSERT_TRUE(done.ok()) << done.message();
  EXPECT_EQ(done->output, "");
}

TEST(ChildProcess, ASignalIsAnExitCode) {
  const auto done = run("sh", {"-c", "kill -TERM $$"});
  ASSERT_TRUE(done.ok()) << done.message();
  EXPECT_EQ(done->exit_code, 128 + 15);
}

TEST(ChildProcess, AProgramThatIsNotThereIsNotFound) {
  EXPECT_EQ(run("no-such-program-anywhere", {}).code(), StatusCode::not_found);
  EXPECT_EQ(run("./no/such/program", {}).code(), StatusCode::not_found);
  EXPECT_NE(run("no-such-program-anywhere", {}).message().find("not in PATH"), std::string::npos);
}

TEST(ChildProcess, WhatIsNoProgramIsAnErrorWithTheSystemsReason) {
  const auto done = run("/", {});
  EXPECT_EQ(done.code(), StatusCode::io_error);
  EXPECT_NE(done.message().find("denied"), std::string::npos) << done.message();
}

TEST(ChildProcess, MoreOutputThanAPipeHoldsArrives) {
  const auto done = run("sh", {"-c", "head -c 300000 /dev/zero"});
  ASSERT_TRUE(done.ok()) << done.message();
  EXPECT_EQ(done->output.size(), 300000u);
}

TEST(ChildProcess, OutputWithoutEndIsCutOffAtAMebibyte) {
  const auto done = run("sh", {"-c", "head -c 3000000 /dev/zero"});
  ASSERT_TRUE(done.ok()) << done.message();
  EXPECT_EQ(done->output.size(), size_t{1} << 20);
}

TEST(ChildProcess, BeingCancelledEndsTheProgram) {
  const auto begin = std::chrono::steady_clock::now();
  const std::function<bool()> no = [] { return false; };
  const CancelScope scope(no);
  EXPECT_EQ(run("sleep", {"60"}).code(), StatusCode::cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

}  // namespace
}  // namespace tritium
