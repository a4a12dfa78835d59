// Room on a disk, held now for a file that will be written hours later.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/atomic_file.h"

namespace tritium {

class DiskRoom {
 public:
  DiskRoom() = default;  // none

  // Room for a file of so many bytes at `path`, beside what stands there now, until this object or the process ends:
  // blocks of a file without a name. Fails as AtomicFile's create() and reserve() do.
  static Result<DiskRoom> hold(const std::string& path, uint64_t bytes);

  void give_back() { file_.reset(); }

 private:
  explicit DiskRoom(AtomicFile file) : file_(std::make_unique<AtomicFile>(std::move(file))) {}

  std::unique_ptr<AtomicFile> file_;
};

}  // namespace tritium
