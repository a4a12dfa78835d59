// The version of the library that is linked; version.h: of these headers, for #if.
#pragma once

#include <string>

#include "tritium/version.h"

namespace tritium {

// "0.1.0", of the library.
std::string version();

}  // namespace tritium
