#include "base/input_file.h"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/temporary_folder.h"

namespace tritium {
namespace {

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string write(const TemporaryFolder& folder, const std::string& text) {
  std::ofstream(folder.file("a"), std::ios::binary) << text;
  return folder.file("a");
}

TEST(InputFile, ReadsFromTheBeginningAndAtPlaces) {
  const TemporaryFolder folder;
  Result<InputFile> file = InputFile::open_regular(write(folder, "0123456789"));
  ASSERT_TRUE(file.ok()) << file.message();
  EXPECT_TRUE(file->regular());
  EXPECT_EQ(file->size(), 10u);
  std::array<std::byte, 4> part{};
  EXPECT_EQ(*file->read(part), 4u);
  EXPECT_EQ(text_of(part), "0123");
  EXPECT_TRUE(file->read_at(6, part).ok());
  EXPECT_EQ(text_of(part), "6789");
  EXPECT_EQ(*file->read(part), 4u);
  EXPECT_EQ(text_of(part), "4567");
  EXPECT_EQ(*file->read(part), 2u);
  EXPECT_EQ(*file->read(part), 0u);
}

TEST(InputFile, AFileThatIsCutOffMeanwhileIsAMessage) {
  const TemporaryFolder folder;
  const std::string path = write(folder, std::string(100000, 'x'));
  const Result<InputFile> file = InputFile::open_regular(path);
  std::filesystem::resize_file(path, 50);
  std::array<std::byte, 4> part{};
  EXPECT_TRUE(file->read_at(46, part).ok());
  const Status status = file->read_at(48, part);
  EXPECT_EQ(status.code(), StatusCode::corrupt_file);
  EXPECT_EQ(status.message(),
            path + ": the file ends at byte 50, it had 100000 when it was opened: it was cut off meanwhile");
}

TEST(InputFile, WhatIsNoFileIsSaid) {
  const TemporaryFolder folder;
  EXPECT_EQ(InputFile::open(folder.file("none")).code(), StatusCode::not_found);
  EXPECT_EQ(InputFile::open(folder.path().string()).code(), StatusCode::io_error);
}

}  // namespace
}  // namespace tritium
