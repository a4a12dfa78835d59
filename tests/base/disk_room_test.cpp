// Room on a disk that is taken before it is written.
#include "base/disk_room.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/disk_space.h"
#include "tests/support/temporary_folder.h"

namespace tritium {
namespace {

namespace fs = std::filesystem;

TEST(DiskRoom, OfMoreThanThereIsIsRefusedWithTheNumbers) {
  const TemporaryFolder folder;
  const std::optional<uint64_t> free = free_disk_bytes(folder.file("out"));
  if (!free) GTEST_SKIP() << "the file system does not say what is free";
  const uint64_t wanted = 2 * *free + (uint64_t{1} << 30);
  const Result<DiskRoom> room = DiskRoom::hold(folder.file("out"), wanted);
  EXPECT_EQ(room.code(), StatusCode::io_error);
  EXPECT_NE(room.message().find(folder.file("out") + ": no room for its " + std::to_string(wanted) + " bytes"),
            std::string::npos)
      << room.message();
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace tritium
