#include "base/memory.h"

#include <new>

namespace tritium {
namespace {
constexpr std::align_val_t kLine{64};
}

// Large pages need a privilege that programs rarely have.
std::byte* take_memory(size_t bytes) { return static_cast<std::byte*>(::operator new(bytes, kLine)); }
void give_back_memory(std::byte* memory, size_t) { ::operator delete(memory, kLine); }

}  // namespace tritium
