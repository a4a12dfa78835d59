// Files: mapped for reading, written under a temporary name.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "base/atomic_file.h"
#include "base/input_file.h"
#include "tests/support/temporary_folder.h"

namespace tritium {
namespace {

namespace fs = std::filesystem;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

void put(const std::string& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

std::string get(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Status write_file(const std::string& path, std::string_view text) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file.ok()) return file.status();
  if (Status s = file->write(bytes_of(text)); !s.ok()) return s;
  return file->commit();
}

size_t files_in(const fs::path& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(AtomicFile, AReadOnlyFileIsNotReplaced) {
  const TemporaryFolder folder;
  put(folder.file("kept"), "kept");
  fs::permissions(folder.file("kept"), fs::perms::owner_read);
  const Result<AtomicFile> file = AtomicFile::create(folder.file("kept"));
  EXPECT_EQ(file.code(), StatusCode::io_error);
  EXPECT_NE(file.message().find("kept: is read-only"), std::string::npos) << file.message();
  EXPECT_EQ(files_in(folder.path()), 1u);
}

TEST(AtomicFile, AFolderIsNotReplaced) {
  const TemporaryFolder folder;
  const Result<AtomicFile> file = AtomicFile::create(folder.path().string());
  EXPECT_EQ(file.code(), StatusCode::io_error);
  EXPECT_NE(file.message().find("is a folder"), std::string::npos) << file.message();
}

TEST(AtomicFile, TheNameShowsNothingBeforeCommit) {
  const TemporaryFolder folder;
  Result<AtomicFile> file = AtomicFile::create(folder.file("out"));
  ASSERT_TRUE(file.ok()) << file.message();
  ASSERT_TRUE(file->write(bytes_of("one ")).ok());
  EXPECT_FALSE(fs::exists(folder.file("out")));
  ASSERT_TRUE(file->write(bytes_of("two")).ok());
  ASSERT_TRUE(file->commit().ok());
  EXPECT_EQ(get(folder.file("out")), "one two");
  EXPECT_EQ(files_in(folder.path()), 1u);
}

TEST(AtomicFile, WithoutCommitTheOldContentStaysAndNothingIsLeftBehind) {
  const TemporaryFolder folder;
  put(folder.file("out"), "old");
  {
    Result<AtomicFile> file = AtomicFile::create(folder.file("out"));
    ASSERT_TRUE(file->write(bytes_of("new")).ok());
  }
  EXPECT_EQ(get(folder.file("out")), "old");
  EXPECT_EQ(files_in(folder.path()), 1u);
}

TEST(AtomicFile, ANameThatBecameAFolderFailsAtCommitAndLeavesNothingBehind) {
  const TemporaryFolder folder;
  Result<AtomicFile> file = AtomicFile::create(folder.file("taken"));
  ASSERT_TRUE(file.ok()) << file.message();
  fs::create_directory(folder.file("taken"));
  const Status status = file->commit();
  EXPECT_EQ(status.code(), StatusCode::io_error);
  EXPECT_NE(status.message().find("cannot finish writing"), std::string::npos) << status.message();
  EXPECT_EQ(files_in(folder.path()), 1u);
}

TEST(AtomicFile, ThreadsThatWriteToOneNameEachSucceedAndTheNameShowsOneOfThem) {
  const TemporaryFolder folder;
  const std::string path = folder.file("out");
  constexpr int kWrites = 100;
  std::atomic<int> problems{0};
  {
    std::vector<std::jthread> threads;
    for (const char letter : {'a', 'b'})
      threads.emplace_back([&, letter] {
        const std::string text(letter == 'a' ? 50'000 : 80'000, letter);
        for (int i = 0; i < kWrites; ++i) {
          const Status written = write_file(path, text);
          EXPECT_TRUE(written.ok()) << written.message();
          const Result<std::string> seen = read_file(path);
          if (!seen.ok() || (*seen != std::string(50'000, 'a') && *seen != std::string(80'000, 'b'))) ++problems;
        }
      });
  }
  EXPECT_EQ(problems, 0);
  EXPECT_EQ(files_in(folder.path()), 1u);
}

// A temporary file as a process leaves it that is killed while it writes `name`.
std::string abandoned(const TemporaryFolder& folder, const std::string& name) {
  std::string left;
  {
    Result<AtomicFile> file = AtomicFile::create(folder.file(name));
    EXPECT_TRUE(file->write(bytes_of("half")).ok());
    left = file->temporary_name();
  }
  put(left, "half");
  return left;
}

TEST(AtomicFile, WhatAKilledProcessLeftIsRemovedWhenTheNameIsWrittenAgain) {
  const TemporaryFolder folder;
  const std::string left = abandoned(folder, "out"), of_another = abandoned(folder, "out2");
  const std::vector<std::string> kept = {of_another, folder.file(".out.tmp"), folder.file(".out.0123.tmp"),
                                         folder.file(".out.0123456789ABCDEF.tmp"),
                                         folder.file("out.0123456789abcdef.tmp")};
  for (const std::string& path : kept) put(path, "mine");
  ASSERT_TRUE(write_file(folder.file("out"), "whole").ok());
  EXPECT_FALSE(fs::exists(left));
  for (const std::string& path : kept) EXPECT_TRUE(fs::exists(path)) << path;
}

TEST(AtomicFile, WhatIsBeingWrittenIsNotTakenForAbandoned) {
  const TemporaryFolder folder;
  Result<AtomicFile> first = AtomicFile::create(folder.file("out"));
  ASSERT_TRUE(first->write(bytes_of("first")).ok());
  ASSERT_TRUE(write_file(folder.file("out"), "second").ok());
  EXPECT_EQ(get(folder.file("out")), "second");
  ASSERT_TRUE(first->commit().ok());
  EXPECT_EQ(get(folder.file("out")), "first");
}

TEST(AtomicFile, ALongNameHasATemporaryOneThatTheSystemTakes) {
  const TemporaryFolder folder;
  const std::string name(255, 'n');
  const std::string left = abandoned(folder, name);
  ASSERT_TRUE(write_file(folder.file(name), "whole").ok());
  EXPECT_EQ(get(folder.file(name)), "whole");
  EXPECT_FALSE(fs::exists(left));
}

TEST(AtomicFile, WhatWasWrittenCanBeReadBeforeItReplaces) {
  const TemporaryFolder folder;
  put(folder.file("out"), "old");
  Result<AtomicFile> file = AtomicFile::create(folder.file("out"));
  ASSERT_TRUE(file->write(bytes_of("new")).ok());
  ASSERT_TRUE(file->flush().ok());
  EXPECT_EQ(get(file->temporary_name()), "new");
  EXPECT_EQ(get(folder.file("out")), "old");
}

}  // namespace
}  // namespace tritium
