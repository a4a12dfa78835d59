#include "base/futex.h"

#include <windows.h>

namespace tritium {

void sleep_while_equal(std::atomic<uint32_t>& word, uint32_t old) {
  static_assert(sizeof word == sizeof old);
  ::WaitOnAddress(&word, &old, sizeof old, INFINITE);
}

void wake(std::atomic<uint32_t>& word, int n) { n == 1 ? ::WakeByAddressSingle(&word) : ::WakeByAddressAll(&word); }

}  // namespace tritium
