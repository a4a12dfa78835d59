// Writing to a descriptor, where a limit is an error and never a signal.
#pragma once

#include <cstddef>
#include <span>

namespace tritium {

// All of `data`; false with last_system_error() where the system refuses, also for a limit on the size of files
// (EFBIG): the signal that comes with it, SIGXFSZ, would end the process with its temporary files left behind.
bool write_all(int descriptor, std::span<const std::byte> data);

}  // namespace tritium
