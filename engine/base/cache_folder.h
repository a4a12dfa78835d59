// Where programs keep what they can make again.
#pragma once

#include <string>

namespace tritium {

// $XDG_CACHE_HOME/tritium, or ~/.cache/tritium; on Windows %LOCALAPPDATA%\\tritium\\cache. Empty where none is known.
// It need not exist.
std::string user_cache_folder();

}  // namespace tritium
