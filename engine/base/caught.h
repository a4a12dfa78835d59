// The edge of the library, over which nothing is thrown: `try { … } catch (...) { return caught(); }`.
#pragma once

#include "tritium/status.hpp"

namespace tritium {

// Inside a catch block: the current exception as a Status. Allocates nothing when memory is used up.
Status caught() noexcept;

}  // namespace tritium
