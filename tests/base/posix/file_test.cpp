// Files that are replaced where there are links, permissions and limits.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "base/atomic_file.h"
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

size_t files_in(const fs::path& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(AtomicFile, AFolderThatDoesNotExistIsNamed) {
  const Result<AtomicFile> file = AtomicFile::create("/nowhere/out.gguf");
  EXPECT_EQ(file.code(), StatusCode::io_error);
  EXPECT_EQ(file.message(), "/nowhere/out.gguf: cannot create: No such file or directory");
}

TEST(AtomicFile, AFullDiskIsReported) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "needs /dev/full";
  Result<AtomicFile> file = AtomicFile::create("/dev/full");
  ASSERT_TRUE(file.ok()) << file.message();
  const Status status = file->write(bytes_of("does not fit"));
  EXPECT_EQ(status.code(), StatusCode::io_error);
  EXPECT_EQ(status.message(), "/dev/full: cannot write: No space left on device");
}

TEST(AtomicFile, AFileThatIsReplacedLeavesItsPermissions) {
  const TemporaryFolder folder;
  for (const fs::perms mode : {fs::perms(0600), fs::perms(0666), fs::perms(0755)}) {
    put(folder.file("out"), "old");
    fs::permissions(folder.file("out"), mode);
    ASSERT_TRUE(write_file(folder.file("out"), "new").ok());
    EXPECT_EQ(get(folder.file("out")), "new");
    EXPECT_EQ(fs::status(folder.file("out")).permissions(), mode);
  }
}

TEST(AtomicFile, ALinkStaysAndTheFileItLeadsToIsReplaced) {
  const TemporaryFolder folder;
  fs::create_directory(folder.file("far"));
  put(folder.file("far/target"), "old");
  fs::create_symlink("far/target", folder.file("near"));
  fs::create_symlink(folder.file("near"), folder.file("link"));
  ASSERT_TRUE(write_file(folder.file("link"), "new").ok());
  EXPECT_TRUE(fs::is_symlink(folder.file("link")));
  EXPECT_TRUE(fs::is_symlink(folder.file("near")));
  EXPECT_EQ(get(folder.file("far/target")), "new");
  EXPECT_EQ(files_in(folder.file("far")), 1u);
}

TEST(AtomicFile, ALinkToAFileThatIsNotThereMakesIt) {
  const TemporaryFolder folder;
  fs::create_symlink("target", folder.file("link"));
  ASSERT_TRUE(write_file(folder.file("link"), "new").ok());
  EXPECT_TRUE(fs::is_symlink(folder.file("link")));
  EXPECT_EQ(get(folder.file("target")), "new");
}

TEST(AtomicFile, ALinkToItselfIsRefused) {
  const TemporaryFolder folder;
  fs::create_symlink("link", folder.file("link"));
  const Status status = write_file(folder.file("link"), "new");
  EXPECT_EQ(status.code(), StatusCode::io_error);
  EXPECT_NE(status.message().find("link: cannot create: "), std::string::npos) << status.message();
}

TEST(AtomicFile, TheTemporaryFileHasAnotherNameEachTimeAndIsNoMoreReadable) {
  const TemporaryFolder folder;
  put(folder.file("out"), "secret");
  fs::permissions(folder.file("out"), fs::perms(0600));
  std::set<std::string> names;
  for (int i = 0; i < 3; ++i) {
    const Result<AtomicFile> file = AtomicFile::create(folder.file("out"));
    ASSERT_TRUE(file.ok()) << file.message();
    for (const auto& entry : fs::directory_iterator(folder.path())) {
      names.insert(entry.path().filename().string());
      EXPECT_EQ(entry.status().permissions(), fs::perms(0600)) << entry.path();
    }
  }
  EXPECT_EQ(names.size(), 4u);
}

TEST(AtomicFile, ALimitOnTheSizeOfFilesIsAnErrorAndNoSignal) {
  const TemporaryFolder folder;
  put(folder.file("out"), "old");
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 1000;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &low), 0);
  const Status status = write_file(folder.file("out"), std::string(3000, 'n'));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(status.message(), folder.file("out") + ": cannot write: File too large");
  EXPECT_EQ(get(folder.file("out")), "old");
  EXPECT_EQ(files_in(folder.path()), 1u);
}

TEST(AtomicFile, ALinkWithATemporaryNameIsNothingThatAKilledProcessLeft) {
  const TemporaryFolder folder;
  fs::create_symlink("out2", folder.file(".out.0123456789abcdef.tmp"));
  ASSERT_TRUE(write_file(folder.file("out"), "whole").ok());
  EXPECT_TRUE(fs::is_symlink(folder.file(".out.0123456789abcdef.tmp")));
}

}  // namespace
}  // namespace tritium
