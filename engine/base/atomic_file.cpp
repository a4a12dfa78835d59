#include "base/atomic_file.h"

#include <utility>

#include "base/disk_space.h"
#include "base/folder.h"
#include "base/format_text.h"
#include "base/path.h"
#include "base/system_error.h"
#include "base/temporary_name.h"
#include "base/write_all.h"

namespace tritium {

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::move(other.temporary_)), fd_(std::exchange(other.fd_, -1)) {}

AtomicFile::~AtomicFile() { discard(); }

Status AtomicFile::write(std::span<const std::byte> data) {
  return write_all(fd_, data) ? Status() : system_error(path_, "cannot write");
}

Status AtomicFile::reserve(uint64_t bytes) {
  if (temporary_ == path_) return Status();
  const int problem = reserve_blocks(fd_, temporary_, bytes);
  if (problem == 0) return Status();
  const std::optional<uint64_t> free = says_disk_is_full(problem) ? free_disk_bytes(temporary_) : std::nullopt;
  return error(StatusCode::io_error, path_, ": no room for its ", bytes, " bytes",
               free ? join(" (", *free, " are free)") : "", ": ", system_message(problem),
               "; make room, or name a file on another disk");
}

Status AtomicFile::commit() { return take_name(true); }
Status AtomicFile::commit_unflushed() { return take_name(false); }

Status write_file(const std::string& path, std::string_view text) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file.ok()) return file.status();
  if (Status s = file->write(std::as_bytes(std::span(text))); !s.ok()) return s;
  return file->commit();
}

void remove_abandoned(const std::string& folder, const std::function<bool(std::string_view name)>& is_mine) {
  const Result<std::vector<std::string>> names = names_in(folder);
  if (!names.ok()) return;  // what cannot be read or removed does no harm
  for (const std::string& temporary : *names) {
    const std::string_view name = name_behind(temporary);
    if (!name.empty() && is_mine(name)) remove_if_abandoned(path_in(folder, temporary));
  }
}

}  // namespace tritium
