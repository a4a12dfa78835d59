#include "tests/fuzz/input.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace tritium::fuzz {

void require(bool held, const char* promise) {
  if (held) return;
  std::fprintf(stderr, "not so: %s\n", promise);
  std::abort();
}

MemoryFile::MemoryFile(std::string_view bytes) : file_(::memfd_create("input", MFD_CLOEXEC)) {
  require(file_ >= 0, "memory for a file");
  path_ = "/proc/self/fd/" + std::to_string(file_);
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::write(file_, bytes.data() + done, bytes.size() - done);
    require(n > 0, "room in a file in memory");
    done += static_cast<size_t>(n);
  }
}

MemoryFile::~MemoryFile() { ::close(file_); }

}  // namespace tritium::fuzz
