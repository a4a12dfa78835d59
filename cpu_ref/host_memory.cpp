// Aligned memory.
#include "cpu_ref/host_memory.h"

#include <cstring>
#include <new>

namespace tritium {

namespace {
constexpr std::align_val_t kAlignment{64};  // a cache line, and the widest vector register
constexpr size_t kSlack = 64;               // zeros after the end, for kernels that load whole vectors
}  // namespace

HostBuffer::HostBuffer(size_t bytes, Content content)
    : data_(static_cast<std::byte*>(::operator new(bytes + kSlack, kAlignment))) {
  const size_t left_alone = content == Content::undefined ? bytes : 0;
  std::memset(data_ + left_alone, 0, bytes + kSlack - left_alone);
}

HostBuffer::~HostBuffer() {
  if (!owner_) ::operator delete(data_, kAlignment);
}

}  // namespace tritium
