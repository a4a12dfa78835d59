// The version of these headers, for #if, and of the library that is linked. Before 1.0 a minor version may change the
// interface.
#pragma once

#include <string>

// The build reads these.
#define TRITIUM_VERSION_MAJOR 0
#define TRITIUM_VERSION_MINOR 1
#define TRITIUM_VERSION_PATCH 0

// 10000 major + 100 minor + patch: #if TRITIUM_VERSION >= 200 asks for 0.2.0.
#define TRITIUM_VERSION (TRITIUM_VERSION_MAJOR * 10000 + TRITIUM_VERSION_MINOR * 100 + TRITIUM_VERSION_PATCH)

namespace tritium {

// "0.1.0", of the library.
std::string version();

}  // namespace tritium
