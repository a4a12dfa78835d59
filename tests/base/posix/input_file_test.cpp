// Pipes and devices, read call by call.
#include "base/input_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <fstream>
#include <thread>

#include "tests/support/temporary_folder.h"

namespace tritium {
namespace {

TEST(InputFile, APipeOpensBeforeSomebodyWrites) {
  const TemporaryFolder folder;
  const std::string path = folder.file("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_NE(InputFile::open_regular(path).message().find("not a regular file"), std::string::npos);
  Result<InputFile> file = InputFile::open(path);
  ASSERT_TRUE(file.ok()) << file.message();
  EXPECT_FALSE(file->regular());
  EXPECT_FALSE(*file->ready(10));
  std::thread writer([&] { std::ofstream(path) << "late"; });
  while (!*file->ready(100)) {
  }
  std::array<std::byte, 8> part{};
  EXPECT_EQ(*file->read(part), 4u);
  writer.join();
  EXPECT_EQ(*file->read(part), 0u);
}

TEST(InputFile, ADeviceIsNoRegularFile) {
  EXPECT_NE(InputFile::open_regular("/dev/null").message().find("not a regular file"), std::string::npos);
}

}  // namespace
}  // namespace tritium
