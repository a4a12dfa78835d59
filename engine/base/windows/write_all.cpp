#include "base/write_all.h"

#include <algorithm>

#include "base/windows/handles.h"

namespace tritium {

bool write_all(int descriptor, std::span<const std::byte> data) {
  constexpr size_t kMost = size_t{1} << 30;  // a call counts in 32 bits
  while (!data.empty()) {
    DWORD written = 0;
    const auto size = static_cast<DWORD>(std::min(data.size(), kMost));
    if (!::WriteFile(handle_of(descriptor), data.data(), size, &written, nullptr)) return false;
    data = data.subspan(written);
  }
  return true;
}

}  // namespace tritium
