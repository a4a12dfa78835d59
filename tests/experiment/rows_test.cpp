// The rows of a study stay whole, whatever ends its process.
#include "experiment/rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "base/input_file.h"
#include "tests/support/temporary_folder.h"

namespace tritium::experiment {
namespace {

Row row(const std::string& arm, uint32_t seed, double value) {
  return {.study = "s",
          .arm = arm,
          .seed = seed,
          .identity = "0123456789abcdef",
          .figures = {{"valid_bpb", value}, {"nothing", NAN}},
          .machine = "a \"machine\"",
          .settings = "{\n  \"a\": 1,\n  \"b\": \"two  blanks\"\n}"};
}

struct Folder {
  TemporaryFolder folder;
  std::string path = folder.file("s.jsonl");

  void add(const std::string& bytes) const { std::ofstream(path, std::ios::app | std::ios::binary) << bytes; }
  std::string bytes() const { return *read_file(path); }
};

TEST(Rows, ComeBackToTheBit) {
  const Folder f;
  const double value = 1.0 / 3.0;
  {
    Result<RowFile> file = RowFile::open(f.path, false);
    ASSERT_TRUE(file.ok()) << file.message();
    ASSERT_TRUE(file->append(row("a", 3, value)).ok());
  }
  const Result<RowFile> file = RowFile::open(f.path, true);
  ASSERT_TRUE(file.ok()) << file.message();
  ASSERT_EQ(file->rows().size(), 1u);
  const Row& r = file->rows()[0];
  EXPECT_TRUE(r.is_run("a", 3, "0123456789abcdef"));
  EXPECT_EQ(r.figures[0].second, value);
  EXPECT_TRUE(std::isnan(r.figures[1].second));
}

TEST(Rows, AreOneLineWhateverTheirSettingsAre) {
  const std::string line = json_of(row("a", 0, 1));
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_NE(line.find(R"("settings": {"a": 1, "b": "two  blanks"}})"), std::string::npos) << line;
}

TEST(Rows, ALineWithoutItsEndIsCutOff) {
  const Folder f;
  {
    Result<RowFile> file = RowFile::open(f.path, false);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(file->append(row("a", 0, 1)).ok());
  }
  const std::string whole = f.bytes();
  const std::string next = json_of(row("b", 0, 2));
  for (const size_t n : {size_t{1}, size_t{20}, next.size()}) {
    f.add(next.substr(0, n));
    const Result<RowFile> file = RowFile::open(f.path, true);
    ASSERT_TRUE(file.ok()) << file.message();
    EXPECT_EQ(file->rows().size(), 1u);
    EXPECT_EQ(f.bytes(), whole);
  }
}

TEST(Rows, AreNotAddedToWithoutBeingAsked) {
  const Folder f;
  ASSERT_TRUE(RowFile::open(f.path, false)->append(row("a", 0, 1)).ok());
  const Status s = RowFile::open(f.path, false).status();
  EXPECT_EQ(s.code(), StatusCode::invalid_argument);
  EXPECT_NE(s.message().find("1 rows already; resume"), std::string::npos) << s.message();
}

TEST(Rows, ALineThatIsNoRowIsNamed) {
  const Folder f;
  f.add(json_of(row("a", 0, 1)) + "\n{\"study\": 3}\n");
  const Status s = RowFile::open(f.path, true).status();
  EXPECT_EQ(s.code(), StatusCode::corrupt_file);
  EXPECT_NE(s.message().find("line 2"), std::string::npos) << s.message();
}

TEST(Rows, AreOneProcessAtATime) {
  const Folder f;
  const Result<RowFile> file = RowFile::open(f.path, true);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(RowFile::open(f.path, true).code(), StatusCode::invalid_argument);
}

}  // namespace
}  // namespace tritium::experiment
