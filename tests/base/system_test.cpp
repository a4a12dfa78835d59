// What the systems do differently, asked through one interface: names in UTF-8, the environment, files that grow,
// places of bytes, the machine.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/atomic_file.h"
#include "base/calendar.h"
#include "base/dynamic_library.h"
#include "base/environment.h"
#include "base/find_bytes.h"
#include "base/folder.h"
#include "base/growing_file.h"
#include "base/input_file.h"
#include "base/lock_file.h"
#include "base/machine.h"
#include "base/mapped_file.h"
#include "base/path.h"
#include "base/same_file.h"
#include "base/temporary_name.h"
#include "tests/support/temporary_folder.h"

namespace tritium {
namespace {

// German, Chinese, and a letter that takes two words of UTF-16.
constexpr const char* kName =
    "Gr\xC3\xB6\xC3\x9F"
    "e-\xE6\xA8\xA1\xE5\x9E\x8B-\xF0\x9F\xA6\x89.txt";

TEST(Path, OfANameInUtf8IsThatName) {
  EXPECT_EQ(utf8_of(path_of(kName)), kName);
  EXPECT_TRUE(path_of(kName).u8string() == reinterpret_cast<const char8_t*>(kName));
  EXPECT_EQ(file_name_of(path_in("folder", kName)), kName);
  EXPECT_EQ(folder_of(path_in("folder", kName)), "folder");
  EXPECT_EQ(folder_of(kName), ".");
}

TEST(Names, InUtf8AreWrittenReadMappedListedAndRemoved) {
  const TemporaryFolder folder;
  const std::string path = path_in(utf8_of(folder.path()), kName);
  ASSERT_TRUE(write_file(path, "text").ok());
  EXPECT_TRUE(std::filesystem::exists(folder.path() /
                                      std::filesystem::path(std::u8string(reinterpret_cast<const char8_t*>(kName)))));
  EXPECT_EQ(*read_file(path), "text");
  EXPECT_EQ(MappedFile::open(path)->bytes().size(), 4u);
  EXPECT_EQ(*names_in(utf8_of(folder.path())), std::vector<std::string>{kName});
  ASSERT_TRUE(rename_file(path, path + "2").ok());
  EXPECT_FALSE(is_there(path));
  EXPECT_TRUE(remove_file(path + "2").ok());
  EXPECT_TRUE(names_in(utf8_of(folder.path()))->empty());
}

TEST(Names, TellFilesAndFoldersApart) {
  const TemporaryFolder folder;
  const std::string here = utf8_of(folder.path());
  ASSERT_TRUE(write_file(path_in(here, "file"), "").ok());
  EXPECT_TRUE(is_folder(here));
  EXPECT_FALSE(is_folder(path_in(here, "file")));
  EXPECT_FALSE(is_link(here));
  EXPECT_TRUE(*look_for_folder(here));
  EXPECT_FALSE(*look_for_folder(path_in(here, "file")));
  EXPECT_EQ(look_for_folder(path_in(here, "none")).code(), StatusCode::not_found);
  EXPECT_EQ(names_in(path_in(here, "none")).code(), StatusCode::io_error);
}

TEST(Names, OfAFolderWithSomethingInItAreNotRemoved) {
  const TemporaryFolder folder;
  const std::string file = folder.file("file");
  ASSERT_TRUE(write_file(file, "kept").ok());
  EXPECT_EQ(remove_empty_folder(utf8_of(folder.path())).code(), StatusCode::io_error);
  EXPECT_EQ(*read_file(file), "kept");
}

TEST(Names, OfOneFileHaveOnePlace) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file(folder.file("one"), "").ok());
  ASSERT_TRUE(write_file(folder.file("two"), "").ok());
  std::filesystem::create_hard_link(folder.file("one"), folder.file("twin"));
  EXPECT_EQ(place_of(folder.file("one")), place_of(folder.file("twin")));
  EXPECT_NE(place_of(folder.file("one")), place_of(folder.file("two")));
  EXPECT_FALSE(place_of(folder.file("none")).has_value());
}

TEST(TemporaryNames, AreNewWithEachCall) {
  const Result<std::string> one = make_temporary_file("tritium-test-"), two = make_temporary_file("tritium-test-");
  ASSERT_TRUE(one.ok() && two.ok()) << one.message() << two.message();
  EXPECT_NE(*one, *two);
  EXPECT_EQ(*read_file(*one), "");
  const Result<std::string> folder = make_temporary_folder("tritium-test-");
  ASSERT_TRUE(folder.ok()) << folder.message();
  EXPECT_TRUE(names_in(*folder)->empty());
  for (const std::string& file : {*one, *two}) EXPECT_TRUE(remove_file(file).ok());
  EXPECT_TRUE(remove_empty_folder(*folder).ok());
}

TEST(TemporaryNames, SayWhatTheyStandFor) {
  EXPECT_EQ(name_behind(new_temporary_name("model.gguf")), "model.gguf");
  EXPECT_NE(new_temporary_name("a"), new_temporary_name("a"));
  EXPECT_EQ(name_behind(".model.gguf.tmp"), "");
}

TEST(Environment, IsReadAndSetInUtf8) {
  constexpr const char* kVariable = "TRITIUM_TEST_VARIABLE";
  EXPECT_FALSE(environment(kVariable).has_value());
  set_environment(kVariable, kName);
  EXPECT_EQ(environment(kVariable), kName);
  set_environment(kVariable, std::string(300, 'x'));
  EXPECT_EQ(environment(kVariable), std::string(300, 'x'));
  set_environment(kVariable, std::nullopt);
  EXPECT_FALSE(environment(kVariable).has_value());
}

TEST(GrowingFile, GrowsBehindWhatIsThere) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file(folder.file("log"), "one\n").ok());
  Result<GrowingFile> file = GrowingFile::open(folder.file("log"));
  ASSERT_TRUE(file.ok()) << file.message();
  ASSERT_TRUE(file->append("two\n").ok());
  ASSERT_TRUE(file->append_to_disk("three\n").ok());
  EXPECT_EQ(*read_file(folder.file("log")), "one\ntwo\nthree\n");
  ASSERT_TRUE(file->cut(4).ok());
  ASSERT_TRUE(file->append("four\n").ok());
  EXPECT_EQ(*read_file(folder.file("log")), "one\nfour\n");
}

TEST(GrowingFile, IsMadeOnlyWhereOneProcessHasIt) {
  const TemporaryFolder folder;
  EXPECT_EQ(GrowingFile::open(folder.file("log")).code(), StatusCode::io_error);
  {
    const Result<GrowingFile> first = GrowingFile::open_alone(folder.file("log"));
    ASSERT_TRUE(first.ok()) << first.message();
    EXPECT_EQ(GrowingFile::open_alone(folder.file("log")).code(), StatusCode::invalid_argument);
  }
  EXPECT_TRUE(GrowingFile::open_alone(folder.file("log")).ok());
}

TEST(LockFile, IsHeldByOneAndGoneAfterIt) {
  const TemporaryFolder folder;
  {
    LockFile first, second;
    EXPECT_EQ(*first.take(folder.file("lock")), LockFile::Held::ours);
    EXPECT_EQ(*second.take(folder.file("lock")), LockFile::Held::others);
    EXPECT_TRUE(is_there(folder.file("lock")));
  }
  EXPECT_FALSE(is_there(folder.file("lock")));
}

TEST(CheckOutputs, RefusesAnotherSpellingOfWhatIsRead) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file(folder.file("text"), "text").ok());
  const NamedFile outputs[] = {{"the output", folder.file("./text")}}, inputs[] = {{"the text", folder.file("text")}};
  EXPECT_EQ(check_outputs(outputs, inputs).code(), StatusCode::invalid_argument);
}

TEST(FindBytes, FindsTheFirstPlaceFromAnotherOn) {
  EXPECT_EQ(find_bytes("abababc", "abc", 0), 4u);
  EXPECT_EQ(find_bytes("aaaa", "aa", 1), 1u);
  EXPECT_EQ(find_bytes("aaaa", "aa", 3), std::string_view::npos);
  EXPECT_EQ(find_bytes("aaaa", "", 2), 2u);
  EXPECT_EQ(find_bytes("aaaa", "a", 5), std::string_view::npos);
  EXPECT_EQ(find_bytes(std::string_view("a\0b\0c", 5), std::string_view("\0c", 2), 0), 3u);
}

TEST(FindBytes, AgreesWithPlainLoopsOnAllShortTexts) {
  for (int bits = 0; bits < 1 << 10; ++bits) {
    std::string text, part;
    for (int i = 0; i < 7; ++i) text += bits >> i & 1 ? 'a' : 'b';
    for (int i = 7; i < 10; ++i) part += bits >> i & 1 ? 'a' : 'b';
    EXPECT_EQ(find_bytes(text, part, 0), text.find(part)) << text << ' ' << part;
  }
}

TEST(Calendar, CompletesADateAndCarriesWhatIsTooMuch) {
  std::tm date{};
  date.tm_year = 2026 - 1900, date.tm_mon = 1, date.tm_mday = 30, date.tm_hour = 9, date.tm_sec = 60;
  ASSERT_TRUE(complete_date(date));
  EXPECT_EQ(date.tm_mon, 2);
  EXPECT_EQ(date.tm_mday, 2);
  EXPECT_EQ(date.tm_min, 1);
  EXPECT_EQ(date.tm_sec, 0);
  EXPECT_EQ(date.tm_wday, 1);
  EXPECT_EQ(date.tm_yday, 60);
}

TEST(Calendar, KnowsMoments) {
  constexpr std::time_t kMoment = 1'000'000'000;  // 2001-09-09T01:46:40Z
  const std::tm utc = utc_time(kMoment);
  EXPECT_EQ(utc.tm_year, 101);
  EXPECT_EQ(utc.tm_mon, 8);
  EXPECT_EQ(utc.tm_hour, 1);
  EXPECT_EQ(local_time(kMoment).tm_sec, 40);
}

TEST(DynamicLibrary, ThatIsNotThereIsNotFoundByName) {
  const Result<DynamicLibrary> library = DynamicLibrary::open("no-such-library-anywhere");
  EXPECT_EQ(library.code(), StatusCode::not_found);
  EXPECT_NE(library.message().find("no-such-library-anywhere"), std::string::npos) << library.message();
}

TEST(Machine, GivesNumbersThatDiffer) {
  EXPECT_NE(system_randomness(), system_randomness());
  EXPECT_NE(process_number(), 0u);
}

}  // namespace
}  // namespace tritium
