// Aligned memory.
#include "cpu_ref/host_memory.h"

#include <algorithm>
#include <cstring>

#include "base/cancel.h"
#include "base/memory.h"

namespace tritium {

namespace {
constexpr size_t kSlack = 64;  // zeros after the end, for kernels that load whole vectors
}  // namespace

HostBuffer::HostBuffer(size_t bytes, Content content) : bytes_(bytes), data_(take_memory(bytes + kSlack)) {
  // The system makes pages of what is cleared: 16 MB take some 5 ms, a large cache seconds.
  constexpr size_t kPart = size_t{16} << 20;
  for (size_t at = content == Content::undefined ? bytes : 0; at < bytes + kSlack; at += kPart) {
    if (cancelled()) {
      give_back_memory(data_, bytes + kSlack);
      throw Cancelled();
    }
    std::memset(data_ + at, 0, std::min(kPart, bytes + kSlack - at));
  }
}

HostBuffer::~HostBuffer() {
  if (!owner_) give_back_memory(data_, bytes_ + kSlack);
}

}  // namespace tritium
