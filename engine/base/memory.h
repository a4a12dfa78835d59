// Memory for tensors.
#pragma once

#include <cstddef>

namespace tritium {

// Bytes from the beginning of a line of the cache, which is also the widest vector register; much of it in large pages
// where the system has them. std::bad_alloc where there is none.
std::byte* take_memory(size_t bytes);
void give_back_memory(std::byte* memory, size_t bytes);

}  // namespace tritium
