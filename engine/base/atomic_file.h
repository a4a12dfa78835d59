// Writes a file so that its name never shows half of it: to a temporary name of its own, flushed to the disk, then
// renamed. Several threads and processes may write to one name: it shows what one of them wrote. A file that is
// replaced leaves its owner and permissions to the new one; where the name is a symbolic link, the file it leads to is
// replaced. What killed processes left is removed when the name is written again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "tritium/status.hpp"

namespace tritium {

class AtomicFile {
 public:
  // io_error with the system's reason, also from write and commit (a full disk shows up there). What is replaced must
  // be a file that may be written: a rename would not ask.
  static Result<AtomicFile> create(const std::string& path);

  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  // Without commit() the temporary file is removed and `path` is untouched.
  ~AtomicFile();

  Status write(std::span<const std::byte> data);
  // From `offset` on; what write() writes next follows it. io_error also where there are no places, as in a pipe.
  Status write_at(uint64_t offset, std::span<const std::byte> data);
  // Takes room for so many bytes, all that will be written; without it, an error with the numbers. A limit on the size
  // of files counts, too.
  Status reserve(uint64_t bytes);
  // Nobody will see the file any more, which ends with this object or its process.
  void give_up_name();
  // To the disk; then what was written can be read, and checked, under its temporary name.
  Status flush();
  const std::string& path() const { return path_; }  // where links led
  const std::string& temporary_name() const { return temporary_; }
  // Flushes and renames, and flushes the folder that keeps the name. After a failure the old file is as it was; after
  // one of the last step the new one is there, and the message says so.
  Status commit();
  // The same without waiting for the disk: of a file that is checked when it is read, since a loss of power may leave
  // its name without all of it.
  Status commit_unflushed();

 private:
  void discard();
  Status take_name(bool flushed);

  AtomicFile(std::string path, std::string temporary, int fd)
      : path_(std::move(path)), temporary_(std::move(temporary)), fd_(fd) {}

  std::string path_;
  std::string temporary_;  // equal to path_ for a device such as /dev/full, which is written in place
  int fd_ = -1;            // locked, which tells others that its process lives
};

// All of a file at once.
Status write_file(const std::string& path, std::string_view text);

// What a killed process left, locked by nobody. False: it is not, or cannot be removed.
bool remove_if_abandoned(const std::string& path);

// Removes from a folder what killed processes left of files that they were writing there and whose names `is_mine`
// accepts.
void remove_abandoned(const std::string& folder, const std::function<bool(std::string_view name)>& is_mine);

}  // namespace tritium
