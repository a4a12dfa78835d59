// Aligned memory.
#include "cpu_ref/host_memory.h"

#include <cstring>
#include <new>

namespace tritium {

namespace {
constexpr std::align_val_t kAlignment{64};  // a cache line, and the widest vector register
}

HostBuffer::HostBuffer(size_t bytes) : data_(static_cast<std::byte*>(::operator new(bytes + 64, kAlignment))) {
  std::memset(data_, 0, bytes + 64);
}

HostBuffer::~HostBuffer() { ::operator delete(data_, kAlignment); }

}  // namespace tritium
