// What Windows alone does.
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "base/available_memory.h"
#include "base/child_process.h"
#include "base/disk_room.h"
#include "base/dynamic_library.h"
#include "base/folder.h"
#include "base/input_file.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/processors.h"
#include "tests/support/temporary_folder.h"

namespace tritium {
namespace {

Result<ChildResult> run(const std::string& program, const std::vector<std::string>& arguments) {
  return run_program(program, arguments);
}

TEST(AvailableMemory, IsSomeOfThatOfTheMachine) {
  EXPECT_GT(available_memory(), 0u);
  EXPECT_LE(available_memory(), physical_memory());
}

TEST(Memory, BeginsWithALineOfTheCache) {
  for (const size_t bytes : {size_t{1}, size_t{5} << 20}) {
    std::byte* const memory = take_memory(bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % 64, 0u);
    give_back_memory(memory, bytes);
  }
}

TEST(ProcessorsOfThisMachine, AreCountedAndNumbered) {
  EXPECT_GE(usable_processors(), 1);
  EXPECT_GE(static_cast<int>(processors_by_core().size()), usable_processors());
}

TEST(DynamicLibrary, GivesItsFunctions) {
  const Result<DynamicLibrary> library = DynamicLibrary::open("kernel32.dll");
  ASSERT_TRUE(library.ok()) << library.message();
  EXPECT_NE(library->find("GetTickCount"), nullptr);
  EXPECT_EQ(library->find("NoSuchFunction"), nullptr);
}

TEST(AtomicFile, WritesToTheNullDeviceInPlace) {
  Result<AtomicFile> file = AtomicFile::create("NUL");
  ASSERT_TRUE(file.ok()) << file.message();
  EXPECT_EQ(file->temporary_name(), file->path());
  EXPECT_TRUE(file->write(std::as_bytes(std::span("text", 4))).ok());
  EXPECT_TRUE(file->commit().ok());
}

TEST(DiskRoom, ChangesNothingAndLeavesNothing) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file(folder.file("out"), "old").ok());
  Result<DiskRoom> room = DiskRoom::hold(folder.file("out"), uint64_t{1} << 20);
  ASSERT_TRUE(room.ok()) << room.message();
  EXPECT_EQ(*read_file(folder.file("out")), "old");
  room->give_back();
  EXPECT_EQ(names_in(folder.path().string())->size(), 1u);
}

TEST(ChildProcess, ExitCodeAndWhatBothOutputsSaidComeBack) {
  const auto done = run("cmd", {"/c", "echo out& echo err>&2& exit 3"});
  ASSERT_TRUE(done.ok()) << done.message();
  EXPECT_EQ(done->exit_code, 3);
  EXPECT_NE(done->output.find("out"), std::string::npos) << done->output;
  EXPECT_NE(done->output.find("err"), std::string::npos) << done->output;
}

TEST(ChildProcess, AProgramThatIsNotThereIsNotFound) {
  EXPECT_EQ(run("no-such-program-anywhere", {}).code(), StatusCode::not_found);
  EXPECT_EQ(run("./no/such/program", {}).code(), StatusCode::not_found);
  EXPECT_NE(run("no-such-program-anywhere", {}).message().find("not in PATH"), std::string::npos);
}

}  // namespace
}  // namespace tritium
