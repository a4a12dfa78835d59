// Room on a disk, and limits on the size of files.
#include "base/disk_room.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_folder.h"

namespace tritium {
namespace {

namespace fs = std::filesystem;

TEST(DiskRoom, HasNoNameAndChangesNothing) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("out")) << "old";
  Result<DiskRoom> room = DiskRoom::hold(folder.file("out"), uint64_t{1} << 20);
  ASSERT_TRUE(room.ok()) << room.message();
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
  EXPECT_EQ(fs::file_size(folder.file("out")), 3u);
  room->give_back();
}

TEST(DiskRoom, AboveALimitOnTheSizeOfFilesIsAnErrorAndNoSignal) {
  const TemporaryFolder folder;
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 1000;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &low), 0);
  const Result<DiskRoom> fits = DiskRoom::hold(folder.file("out"), 1000),
                         does_not = DiskRoom::hold(folder.file("out"), 1001);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_TRUE(fits.ok()) << fits.message();
  EXPECT_NE(does_not.message().find("no room for its 1001 bytes: File too large"), std::string::npos)
      << does_not.message();
}

TEST(DiskRoom, OfADeviceIsNone) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "needs /dev/full";
  EXPECT_TRUE(DiskRoom::hold("/dev/full", uint64_t{1} << 60).ok());
}

TEST(AtomicFile, WhatIsReservedBelongsToItAndIsNoContent) {
  const TemporaryFolder folder;
  Result<AtomicFile> file = AtomicFile::create(folder.file("out"));
  ASSERT_TRUE(file.ok()) << file.message();
  ASSERT_TRUE(file->reserve(uint64_t{1} << 20).ok());
  struct stat info {};
  ASSERT_EQ(stat(file->temporary_name().c_str(), &info), 0);
  EXPECT_EQ(info.st_size, 0);
  constexpr uint64_t kBlock = 512;  // of st_blocks, whatever the file system's is
  if (info.st_blocks > 0) {
    EXPECT_GE(static_cast<uint64_t>(info.st_blocks) * kBlock, uint64_t{1} << 20);
  }
  ASSERT_TRUE(file->write(std::as_bytes(std::span("text", 4))).ok());
  ASSERT_TRUE(file->commit().ok());
  EXPECT_EQ(fs::file_size(folder.file("out")), 4u);
}

}  // namespace
}  // namespace tritium
