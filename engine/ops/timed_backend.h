// A Backend that measures how long each operation of another one takes.
#pragma once

#include <memory>
#include <vector>

#include "ops/backend.h"
#include "tritium/profile.hpp"

namespace tritium {

// Each operation is waited for before the next one starts, so on a device that records the sum is more than the whole
// would take without measuring.
std::unique_ptr<Backend> make_timed_backend(std::unique_ptr<Backend> measured);

// Of a backend made by make_timed_backend, longest first; empty for others.
std::vector<ProfileEntry> operation_times(const Backend& backend);

}  // namespace tritium
