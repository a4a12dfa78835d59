// Aligned memory.
#include "cpu_ref/host_memory.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <span>

#include "base/cancel.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace tritium {

namespace {
constexpr size_t kLine = 64;   // a cache line, and the widest vector register
constexpr size_t kSlack = 64;  // zeros after the end, for kernels that load whole vectors
constexpr size_t kLargePage = size_t{2} << 20;

// What fills large pages begins with one: of 16 MB elsewhere a sixth would lie in small ones.
std::align_val_t alignment_of(size_t bytes) { return std::align_val_t{bytes < kLargePage ? kLine : kLargePage}; }

// Asks for large pages: a matrix read from memory then is 25 to 30 % faster. Most systems give them only to those who
// ask before the first write.
void use_large_pages([[maybe_unused]] std::span<std::byte> memory) {
#if defined(__linux__)
  const size_t whole = memory.size() / kLargePage * kLargePage;
  // Where the system refuses, nothing is lost but speed.
  if (whole > 0) madvise(memory.data(), whole, MADV_HUGEPAGE);
#endif
}

}  // namespace

HostBuffer::HostBuffer(size_t bytes, Content content)
    : bytes_(bytes), data_(static_cast<std::byte*>(::operator new(bytes + kSlack, alignment_of(bytes)))) {
  use_large_pages({data_, bytes});
  // The system makes pages of what is cleared: 16 MB take some 5 ms, a large cache seconds.
  constexpr size_t kPart = size_t{16} << 20;
  for (size_t at = content == Content::undefined ? bytes : 0; at < bytes + kSlack; at += kPart) {
    if (cancelled()) {
      ::operator delete(data_, alignment_of(bytes));
      throw Cancelled();
    }
    std::memset(data_ + at, 0, std::min(kPart, bytes + kSlack - at));
  }
}

HostBuffer::~HostBuffer() {
  if (!owner_) ::operator delete(data_, alignment_of(bytes_));
}

}  // namespace tritium
